"""The extracts of what accounts hold: past months, deposits and positions."""

import polars as pl

from sample_bank.accounts import account_ids
from sample_bank.balances import Book
from sample_bank.catalogue import CODES
from sample_bank.columns import PPM, money, quantities
from sample_bank.history import HistoryMonth

COST_SHARE = 970_000


def history_rows(book: Book, rows: HistoryMonth) -> pl.DataFrame:
    """The history extract of one month."""
    accounts, count = book.accounts, len(rows.places)
    month = pl.Series("balance_month", [book.timeline.months[rows.month]]).new_from_index(0, count)
    return pl.DataFrame(
        {
            "account_id": account_ids("account_id", accounts.number[rows.places]),
            "product_code": CODES.gather(accounts.product[rows.places]),
            "balance_month": month,
            "month_end_balance": money("month_end_balance", rows.ends),
            "balance_sum": money("balance_sum", rows.sums),
            "day_count": pl.Series("day_count", [rows.days], dtype=pl.Int32).new_from_index(0, count),
        }
    )


def deposit_rows(book: Book, day: int) -> pl.DataFrame:
    """The deposit balances of a night."""
    places = book.deposits(day)
    return pl.DataFrame(
        {
            "account_id": account_ids("account_id", book.accounts.number[places]),
            "balance": money("balance", book.balance[places]),
        }
    )


def position_rows(book: Book, day: int) -> pl.DataFrame:
    """The investment positions of a night."""
    places, values = book.market_values(day)
    bought = book.balance[places]
    return pl.DataFrame(
        {
            "account_id": account_ids("account_id", book.accounts.number[places]),
            "product_code": CODES.gather(book.accounts.product[places]),
            "units": quantities("units", bought * 100),
            "market_value": money("market_value", values),
            "cost_amount": money("cost_amount", bought * COST_SHARE // PPM),
        }
    )
