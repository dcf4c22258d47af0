"""What banks in China publish about themselves: the ranges that the generated bank has to lie in.

Figures of 2022 to 2025, as fractions. A retail bank's own segment is rarely published in full, so the
ranges are those of whole banks, retail banks among them.
"""

from dataclasses import dataclass
from typing import Literal

RatioName = Literal[
    "net_interest_margin",
    "fee_share",
    "cost_income",
    "credit_cost",
    "deposit_cost",
    "return_on_assets",
    "non_performing",
    "special_mention",
]


@dataclass(frozen=True)
class PublishedRange:
    """A ratio, what it is, between which bounds it lies and who published them."""

    ratio: RatioName
    meaning: str
    low: float
    high: float
    sources: str


NFRA = "National Financial Regulatory Administration, quarterly indicators of commercial banks"
PUBLISHED = (
    PublishedRange(
        "net_interest_margin",
        "net interest income by interest-earning assets, a year",
        0.0138,
        0.0210,
        f"{NFRA}: 1.69 % in 2023, 1.52 % in 2024, of city banks 1.38 %; reports of 2024: Postal Savings Bank "
        "and Ping An Bank 1.87 %, China Merchants Bank 1.98 %",
    ),
    PublishedRange(
        "fee_share",
        "net fee income by operating income",
        0.07,
        0.23,
        "Postal Savings Bank 7.2 % (2024), Bank of China 11.7 % (2022), China Merchants Bank 22.1 % (half of "
        "2025)",
    ),
    PublishedRange(
        "cost_income",
        "operating expense by operating income",
        0.25,
        0.37,
        "Industrial and Commercial Bank 25.3 % (half of 2025) and 29.4 % (2024), Bank of China 27.9 % "
        "(2022), Industrial Bank 29.5 % (2024), Harbin Bank 36.1 % (2024)",
    ),
    PublishedRange(
        "credit_cost",
        "loss by average loans, a year",
        0.0033,
        0.0145,
        "impairment of 2024 by loans: Postal Savings Bank 0.33 to 0.38 %, Ping An Bank 1.4 %",
    ),
    PublishedRange(
        "deposit_cost",
        "interest paid by average deposits, a year",
        0.0120,
        0.0213,
        "China Merchants Bank 1.26 % (half of 2025) and 1.54 % (2024), Postal Savings Bank 1.44 % (2024); "
        "interest-bearing liabilities of listed banks 2.13 % (2024)",
    ),
    PublishedRange(
        "return_on_assets",
        "net profit by average assets, a year",
        0.0063,
        0.0133,
        f"{NFRA}: 0.63 % in 2024; Industrial Bank 0.75 %, Industrial and Commercial Bank 0.78 % (2024), "
        "China Merchants Bank 1.21 to 1.33 % (2024, half of 2025)",
    ),
    PublishedRange(
        "non_performing",
        "loans of the classes substandard, doubtful and loss by all loans",
        0.0084,
        0.0284,
        f"Postal Savings Bank 0.84 to 0.90 %, China Merchants Bank 0.93 %, {NFRA}: 1.50 % (2024), "
        "Harbin Bank 2.84 % (2024)",
    ),
    PublishedRange(
        "special_mention",
        "loans of the class special mention by all loans",
        0.008,
        0.030,
        f"{NFRA}: 2.2 % at the end of 2024; the bounds around it are ours",
    ),
)
TAX_RATE = 0.25
"""Enterprise income tax: contribution is told before it."""
COST_CENTRES = (0.30, 0.45)
"""Share of the customers who cost more than they bring: no bank publishes it, a choice of ours."""
