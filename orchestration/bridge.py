"""The parts of the AUM bridge (资产变动桥), for gates and pages; models take them from macros/bridge."""

PARTS = (
    "scope_amt",
    "fx_amt",
    "new_money_in_amt",
    "money_out_amt",
    "transfer_in_amt",
    "transfer_out_amt",
    "own_transfer_amt",
    "interest_amt",
    "fee_amt",
    "loan_flow_amt",
    "overdraft_amt",
    "investment_result_amt",
    "unexplained_amt",
)
"""In the bridge's order: opening and they add up to closing."""
