"""What an operator does next, by the rule that was broken."""

_SOURCE = "Ask the core-banking side to send the batch again with a higher sequence number"
_QUARANTINE = "See the batch's quarantine files for the rows"
_MODELS = "Nothing was published: the fault is in the models, not in the delivery; see models/README.md"

_REMEDIES = {
    "arrival": f"{_SOURCE}, with the table filled.",
    "key_not_unique": f"{_SOURCE}, each key once.",
    "rows_lost": "Delete the batch's folders in lake and quarantine and run again; if it stays, report it.",
    "check_not_run": "Run again; if it stays, the check or a relation that it reads is broken.",
    "ledger_control": f"Compare the books with the extract by org and class. {_SOURCE}.",
    "reference_rate_missing": f"{_SOURCE}, with a rate for every currency in use.",
    "reference_rate_carried": "See whether the day has no fixing; else have the rates sent again.",
    "reference_rate_later": "Have the rates of the past months sent with the initial load, or accept it.",
    "amount_too_large": f"Look at the row: it is the largest. {_SOURCE}, with the amount mended.",
    "event_amount_too_large": f"{_SOURCE}, with the amount mended.",
    "event_sent_again": "Ask the core-banking side why; nothing was counted twice.",
    "reference_unknown": f"{_QUARANTINE}. {_SOURCE}, with the row that is referred to.",
    "negative_balance": f"{_QUARANTINE}. Have the balance or the product's overdraft flag mended.",
    "shares_not_one": f"{_QUARANTINE}. Have the shares mended and the whole group sent again.",
    "month_not_first_day": f"{_QUARANTINE}. Have every month given by its first day.",
    "month_days_off": f"{_QUARANTINE}. Have the days counted that lie in the month and before the batch.",
    "month_sum_off": f"{_QUARANTINE}. Have the daily balances added up again.",
    "month_before_opening": f"{_QUARANTINE}. Have the month left out, or the opening mended.",
    "reference_circle": f"Have one of the rows named refer to another, or to none. {_SOURCE}.",
    "key_padded": "Ask the core-banking side to cut the blanks; they are no part of the key.",
    "open_date": "Nothing to do.",
    "curve_unknown": "Have the rates sent, or the curve mended: the product is priced as if it had none.",
    "start_without_history": "Have the batch sent again with a higher sequence and with the running month of "
    "every account in monthly_balance_history, or set accept_partial_start: true in bank.yml: averages then "
    "divide by the recorded days.",
    "history_account_missing": "Ask the core-banking side for their rows: averages count those days as 0.",
    "row_shape": f"{_QUARANTINE}. Check delimiter and quoting. {_SOURCE}.",
    "text_undecodable": f"{_QUARANTINE}. Check the declared encoding. {_SOURCE}.",
    "aum_moved": "Look at the largest changes before anybody relies on the totals.",
    "row_count_moved": "Ask the core-banking side whether the table is complete.",
    "column_unknown": "It was left out; add it to the contract if it is needed.",
    "certificate_duplicate": "Have the branch check whether the customers are one person.",
    "earlier_batch_missing": "Wait for the earlier batch, or have the calendar mended.",
    "before_initial_load": "Take it out of landing: the initial load tells of the days before it.",
    **dict.fromkeys(
        (
            "aum_not_conserved",
            "amount_rounding",
            "parts_not_total",
            "main_org_not_one",
            "daily_aum_off",
            "month_after_business_date",
            "mart_key_not_unique",
            "mart_reference_unknown",
            "tier_rows_off",
            "contribution_not_conserved",
            "credit_not_conserved",
            "ledger_not_kept",
        ),
        f"{_MODELS}.",
    ),
    "tier_unknown": f"{_MODELS}, or the rulebook lacks the tier.",
    "cost_not_allocated": "The org of the pool and the orgs below it keep no account: have the pool sent for "
    "another org.",
    "closed_month_changed": "Nothing was published: find what changed the month; a correction comes as a "
    "re-sent batch of that month.",
}


def remedy_for(check_code: str) -> str:
    """The next step: the rule's own, else the one for rows that had to be taken out of a batch."""
    return _REMEDIES.get(check_code, f"{_QUARANTINE}. {_SOURCE}.")
