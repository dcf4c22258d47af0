"""What holds for every table of the contract, whoever adds one."""

from contract.model import load_contract

DATES = ("date", "timestamp")


def test_every_date_that_may_be_empty_may_be_written_as_none():
    closed = [
        f"{table.name}.{column.name}"
        for table in load_contract().tables
        for column in table.columns
        if column.nullable and column.type in DATES and not column.open_dates
    ]

    assert closed == []


def test_every_table_of_the_initial_load_is_checked_as_past_months():
    histories = [table for table in load_contract().tables if table.initial_only]

    assert {table.name for table in histories} == {"monthly_balance_history", "monthly_loan_history"}
    for table in histories:
        (month,) = (column for column in table.columns if column.month)
        assert table.history is not None and table.holds_balances
        assert (month.month, month.month_days, month.past, month.key) == (
            "first_day", "day_count", True, True,
        )  # fmt: skip
