"""What a violation gets: block the batch, quarantine the rows, or warn; and what an operator does next.

Severity is data, in ``seeds/rules/check_rules.csv``, so that a bank can change it without code. A row
for a table overrides the row for ``*``, and a row takes the place of an earlier one from its day on: a night
is judged by the rows of its business date, also when it is replayed years later.
"""

import csv
import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from contract.model import load_contract

Severity = Literal["block", "quarantine", "warn"]

CIRCLES_NAMED = (
    "the way round is in quality.fct_check_result, the customer it is cut at in corporate.fct_group_member"
)
"""What is said of circles of parents in place of names; the table of results has the names behind it."""

CHECK_RULES = Path(__file__).parents[1] / "seeds" / "rules" / "check_rules.csv"


class CheckRule(BaseModel):
    """One row of the rule table.

    Attributes:
        limit_share: Fraction of a table's rows (or of a total) up to which the rule lets the batch go on.
        limit_rows: Rows up to which it goes on where the share would be fewer: one bad row of a small delta.
        valid_from_date: Business date from which the row holds, until a later one takes its place.
        limit_amt: Amount, in the reporting currency, up to which a difference is let through.
        remedy: What an operator does next; empty where the reader of files says it with the place.
    """

    model_config = ConfigDict(frozen=True)

    check_code: str
    table_name: str
    severity_code: Severity
    limit_share: float | None
    limit_rows: int | None
    limit_amt: Decimal | None
    valid_from_date: date
    description: str
    remedy: str

    @field_validator("limit_share", "limit_rows", "limit_amt", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def limit(self) -> float:
        """The share allowed; none given means none allowed."""
        return self.limit_share or 0.0

    def allowed(self, rows: int) -> int:
        """How many of so many rows may break the rule."""
        share = Decimal(str(self.limit))
        return max(math.floor(rows * share), self.limit_rows or 0)


_JUDGED_DATE: ContextVar[date | None] = ContextVar("business date that is judged", default=None)


@contextmanager
def rules_of(business_date: date) -> Iterator[None]:
    """Judge by the rows that hold on a business date; outside, by the newest ones."""
    before = _JUDGED_DATE.set(business_date)
    try:
        yield
    finally:
        _JUDGED_DATE.reset(before)


@cache
def _versions() -> list[CheckRule]:
    with CHECK_RULES.open(encoding="utf-8", newline="") as lines:
        rows = [CheckRule.model_validate(row) for row in csv.DictReader(lines)]
    return sorted(rows, key=lambda row: row.valid_from_date)


@cache
def _rules_on(day: date | None) -> dict[tuple[str, str], CheckRule]:
    """By check and table the newest row that holds on a day; of all rows if none is given."""
    return {
        (row.check_code, row.table_name): row
        for row in _versions()
        if day is None or row.valid_from_date <= day
    }


def _rules() -> dict[tuple[str, str], CheckRule]:
    return _rules_on(_JUDGED_DATE.get())


def rule_for(check_code: str, table_name: str = "*") -> CheckRule:
    """The rule in force for a check on a table; KeyError for an unknown check.

    The rows that ``*`` lets through are not let through where a row is a balance: money has no floor.
    """
    rules = _rules()
    named = rules.get((check_code, table_name))
    if named is not None:
        return named
    general = rules[check_code, "*"]
    if general.limit_rows and table_name in _tables_of_balances():
        return general.model_copy(update={"limit_rows": 0})
    return general


def remedy_for(check_code: str, table_name: str = "*") -> str:
    """What an operator does next about a violation: the words of the table's row, else those for all."""
    return rule_for(check_code, table_name).remedy or rule_for(check_code).remedy


def without_names(message: str) -> str:
    """A result's message as files, pages and notices have it, in which nobody is named."""
    before, said, _ = message.partition(CIRCLES_NAMED)
    return before + said


@cache
def rule_values(rule_list: str) -> tuple[str, ...]:
    """Values of a rule table's column, named ``table.column``."""
    table, _, column = rule_list.partition(".")
    with (CHECK_RULES.parent / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(row[column] for row in csv.DictReader(lines))


@cache
def _tables_of_balances() -> frozenset[str]:
    return frozenset(table.name for table in load_contract().tables if table.holds_balances)


def tables_with_rule(check_code: str) -> tuple[str, ...]:
    """Tables that the rule table names for a check, in its order; ``*`` is not one of them."""
    return tuple(table for code, table in _rules() if code == check_code and table != "*")
