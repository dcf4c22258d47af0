"""Gate 1: what the amounts of single rows are worth, and whether sums of such rows have room."""

from decimal import Decimal

from contract.model import Table
from expectations.check import Check, FailingRows
from orchestration.check_rules import rule_for
from orchestration.sql import Sql, fill, join, name, value

RATE = name("temp", "tonight_rate")

# what lends its currency to a row without one, by the column that names it: the first that is there counts
_LENDERS = {"account": "account_id", "product": "product_code"}
_DUES = {
    "loan_balance": ("overdue_principal", "overdue_interest"),
    "card_balance": ("min_due",),
    "repayment_schedule": ("due_principal", "due_interest"),
}
# how much there is or should be at a time, not what happened: nobody adds up a hundred of them
_LEVELS = ("plan_target", "risk_parameter")


def priced(table: Table) -> tuple[Sql, Sql, Sql]:
    """Tonight's rows of a table as ``events``, and what one unit of a row's amounts is worth.

    The currency of a row is its own; where it tells none, its account's, else its product's. What a table
    without a currency tells of a loan is in the loan's; any other in the reporting currency.

    Returns:
        What to select from, the currency (empty: the reporting currency), and its rate if there is one.
    """
    rows = fill("{rows} as events", rows=name("lake", table.name))
    if "currency" in table.column_names:
        told = [Sql("events.currency")]
        if table.column("currency").nullable:
            for register, key in _LENDERS.items():
                rows = fill(
                    "{rows} left join {known} as {register} on events.{key} = {register}.{key}",
                    rows=rows,
                    known=name("known", register),
                    register=name(register),
                    key=name(key),
                )
                told.append(fill("{register}.currency", register=name(register)))
        currency = fill("coalesce({told})", told=join(", ", told))
    elif "loan_id" in table.column_names:
        rows = fill("{rows} left join known.loan as loan on events.loan_id = loan.loan_id", rows=rows)
        currency = Sql("loan.currency")
    else:
        return rows, Sql("null"), Sql("1")
    rows = fill(
        "{rows} left join {rate} as rates on rates.currency = {currency}",
        rows=rows,
        rate=RATE,
        currency=currency,
    )
    return rows, currency, Sql("rates.mid_rate")


def events_fit(table: Table) -> list[Check]:
    """No amount of an event is so large that a sum of a hundred has no room; a level needs less."""
    columns = [column.name for column in table.columns if column.type == "money"]
    if table.kind != "E" or table.initial_only or not columns:
        return []
    code = "amount_too_large" if table.name in _LEVELS else "event_amount_too_large"
    return [_fits(table, code, columns)]


def dues_fit(table: Table) -> list[Check]:
    """No amount due is so large that a sum of a hundred events of such amounts has no room.

    The balances of loans and cards are held to their sum; what is due on them is told as it is.
    """
    return [_fits(table, "event_amount_too_large", [column]) for column in _DUES.get(table.name, ())]


def _fits(table: Table, check_code: str, columns: list[str]) -> Check:
    """No row's worth in one of the columns is beyond the limit."""
    rows, _, rate = priced(table)
    limit = limit_of(check_code, table.name)
    is_large = join(
        " or ",
        (
            fill(
                "abs(events.{column}) * coalesce({rate}, 1) > {limit}",
                column=name(column),
                rate=rate,
                limit=limit,
            )
            for column in columns
        ),
    )
    at = fill("{rows} where {is_large}", rows=rows, is_large=is_large)
    return FailingRows(
        check_code=check_code,
        table=table.name,
        column=columns[0] if len(columns) == 1 else None,
        query=fill("select count(*), count(*) filter (where {large}) from {rows}", large=is_large, rows=rows),
        locate=fill("select events.source_file, events.source_row from {at}", at=at),
    )


def limit_of(check_code: str, table: str) -> Sql:
    """The amount in the reporting currency up to which a rule lets a table's amounts through."""
    return value(rule_for(check_code, table).limit_amt or Decimal(0))
