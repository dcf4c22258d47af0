"""What a suite is made of: checks declared as data, each naming the rule that judges it.

Nothing here imports Great Expectations; ``datasource`` turns checks into its expectations.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from orchestration.check_rules import CheckRule, rule_for
from orchestration.sql import Sql


@dataclass(frozen=True, kw_only=True)
class Check:
    """One claim about a table.

    Attributes:
        check_code: Rule of ``seeds/rules/check_rules.csv`` that says what a violation gets.
        table: Contract table or mart that the claim is about; empty for the whole batch.
        allows_share: Whether the rule's share of failing rows is let through. Where rows were taken out
            before, none may be left.
        detail: What the message says besides the rule and the counts; never a private value.
        unit: What is counted.
        locate: Query for source_file and source_row of the first failing row; asked only after a failure.
        example: Query for a text that names the first failing row by its key; never a private value.
    """

    check_code: str
    table: str
    column: str | None = None
    allows_share: bool = False
    detail: str = ""
    unit: str = "rows"
    locate: Sql | None = None
    example: Sql | None = None

    @property
    def rule(self) -> CheckRule:
        """The rule in force for this check on this table."""
        return rule_for(self.check_code, self.table or "*")

    @property
    def limit(self) -> Decimal | None:
        """Share of failing rows that the check lets through; none where every row has to pass."""
        if not self.allows_share or self.rule.limit_share is None:
            return None
        return exact(self.rule.limit_share)

    @property
    def limit_rows(self) -> int:
        """Failing rows that the check lets through even where the share would be fewer."""
        return (self.rule.limit_rows or 0) if self.allows_share else 0


@dataclass(frozen=True, kw_only=True)
class FailingRows(Check):
    """At most the allowed share of rows fails.

    Attributes:
        query: One row: rows checked, rows failing, and as options a text to keep and one for the message;
            neither is private.
    """

    query: Sql


@dataclass(frozen=True, kw_only=True)
class RowCount(Check):
    """The table has between so and so many rows; no upper bound given means any number.

    Attributes:
        before: Rows of the night before, where that is what they are compared with.
    """

    least: int
    most: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class Suite:
    """All checks that read one relation of the build database."""

    schema: str
    table: str
    checks: list[Check] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The relation, as Great Expectations' pages show it."""
        return f"{self.schema}.{self.table}"


def exact(share: float) -> Decimal:
    """A limit as the rule table wrote it, free of binary rounding."""
    return Decimal(str(share))
