"""February 2026 of a dozen accounts, by hand: 28 days, the balances of 1 January up to the 14th, then those
of 15 February.

By account and product (and org, of what has several): average balance, customer rate, transfer rate, and the
components that are not 0.
"""

Figures = tuple[str, str | None, str | None, dict[str, str]]

BY_HAND: dict[tuple[str, str], Figures] = {
    # 10,000,000 × (2 % − 1.5 %) × 28 / 365; P1: 100.00 over 5 accounts of O1
    ("an-A1", "TERM"): (
        "10000000.00", "0.015", "0.02", {"deposit_nii": "3835.62", "allocated_cost": "-20.00"},
    ),
    # 10,000,000 × (6 % − 3 %) × 28 / 360; P2: 50.00 × 10,000,000 / 10,142,000; January's parameters:
    # 1 % × 45 % × 10,000,000 / 12 and 10,000,000 × 8 % × 12 % / 12
    ("bo-L1", "LEND"): (
        "10000000.00", "0.06", "0.03",
        {
            "loan_nii": "23333.33", "allocated_cost": "-49.30", "expected_loss": "-3750.00",
            "capital_charge": "-8000.00",
        },
    ),
    # (100,000 × 0.65 % + 250,000 × 0.75 %) × 14 / 360
    ("cui-A1", "CURRENT"): (
        "175000.00", "0.0035", "0.010714", {"deposit_nii": "98.19", "allocated_cost": "-20.00"},
    ),
    # 20,000 dollars × (7.0 + 7.2) × 14 × (4 % − 0.1 %) / 360; P2: 50.00 × 142,000 / 10,142,000
    ("dan-A1", "DOLLAR"): (
        "142000.00", "0.001", "0.04", {"deposit_nii": "430.73", "allocated_cost": "-0.70"},
    ),
    # 180 days lie between 1.3 % at 30 and 2.1 % at 365: 1.6582 %; 30,000 × 0.2582 % × 14 / 365
    # P9: 77.77 over the 3 customers below B9, the cent left over to the first
    ("eva-A1", "TERM"): (
        "15000.00", "0.014", "0.016582", {"deposit_nii": "2.97", "allocated_cost": "-25.93"},
    ),
    # no curve, no net interest
    ("fei-A1", "FREE"): ("50000.00", "0.02", None, {"allocated_cost": "-25.92"}),
    # 33,333.33 × (0.65 % + 0.75 %) × 14 / 360
    ("gu-A1", "CURRENT"): (
        "33333.33", "0.0035", "0.0105", {"deposit_nii": "18.15", "allocated_cost": "-20.00"},
    ),
    # one account with two products
    ("hong-A1", "FUND"): ("5000.00", "0", None, {"allocated_cost": "-10.00"}),
    ("hong-A1", "HALF"): ("300.00", "0", None, {"allocated_cost": "-10.00"}),
    # nothing is earned on 8,000, which cost 1 %, then 1.1 %
    ("ivy-K1", "CARD"): ("8000.00", "0", "0.0105", {"loan_nii": "-6.44", "allocated_cost": "-20.00"}),
    # closed on the 20th: 19 days of 70,000; (0.65 % × 14 + 0.75 % × 5) × 70,000 / 360
    ("jun-A1", "CURRENT"): (
        "47500.00", "0.0035", "0.010263", {"deposit_nii": "24.99", "allocated_cost": "-25.92"},
    ),
    # a fee of January that came in May is not here: the batch of 15 May closes February to April, and brings
    # what happened in them; what is older counts in May
    ("FEE:ko:SMS", "SMS"): ("0.00", None, None, {"fee_income": "12.00", "direct_cost": "-2.00"}),
    ("FEE:ko:SMS", "SMS O2"): ("0.00", None, None, {"fee_income": "5.00", "direct_cost": "-0.50"}),
}  # fmt: skip
