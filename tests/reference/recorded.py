"""What the bank's records tell of, by month and factor (2.1, A start inside a month; 2.4, Going live)."""

from dataclasses import dataclass
from datetime import date

from tests.reference.known import Ledger
from tests.reference.rulebook import FACTORS
from tests.support.timeline import add_months, month_end, month_start

LOAN_FACTORS = frozenset({"mortgage", "credit_loan"})


@dataclass(frozen=True)
class Records:
    """What was delivered of the months before the first night.

    Attributes:
        first_night: Business date of the first batch.
        balance_months: Months of ``monthly_balance_history``.
        loan_months: Months of ``monthly_loan_history`` that leave out no loan owed and older than the month.
        spend_start: First month of which card transactions were delivered; None without a credit card.
    """

    first_night: date
    balance_months: frozenset[date]
    loan_months: frozenset[date]
    spend_start: date | None

    @property
    def first_month(self) -> date:
        """The month of the first night."""
        return month_start(self.first_night)

    @property
    def start(self) -> date:
        """First month of the recorded history."""
        return min([*self.balance_months, self.first_month])

    def is_partial(self, month: date) -> bool:
        """Whether the records begin inside the month."""
        return (
            month == self.first_month
            and self.first_night != self.first_month
            and self.first_month not in self.balance_months
        )

    def recorded_days(self, month: date, last_day: date) -> int:
        """Days of the month, to the last one processed, that are recorded."""
        first = self.first_night if self.is_partial(month) else month
        return (min(month_end(month), last_day) - first).days + 1

    def is_recorded(self, factor: str, month: date) -> bool:
        """``fct_month_recorded``."""
        if factor == "card_grade":
            return True
        if factor == "card_spend":
            return self.spend_start is None or add_months(month, -11) >= self.spend_start
        if month >= self.first_month:
            return True
        return month in (self.loan_months if factor in LOAN_FACTORS else self.balance_months)

    def is_judged(self, factor: str, month: date) -> bool:
        """Whether tiers of the month are judged by the factor."""
        return month >= self.first_month or self.is_recorded(factor, month)

    def begins(self, month: date) -> frozenset[str]:
        """Factors by which the month is judged and the month before was not."""
        before = add_months(month, -1)
        return frozenset(
            factor
            for factor in FACTORS
            if self.is_judged(factor, month) and (before < self.start or not self.is_judged(factor, before))
        )


def records_of(ledger: Ledger) -> Records:
    """What the first batch of a ledger told."""
    first = ledger.nights[0]
    has_credit_card = any(card["card_kind"] == "credit" for card in first.rows("card"))
    spent = [month_start(row["txn_date"]) for row in first.card_transactions]
    started = {row["loan_id"]: row["start_date"] for row in first.rows("loan")}
    owed = [(row["loan_id"], started[row["loan_id"]]) for row in first.loan_balances if row["balance"] > 0]
    by_month: dict[date, set[str]] = {}
    for row in ledger.loan_history:
        by_month.setdefault(row["balance_month"], set()).add(row["loan_id"])
    return Records(
        first.business_date,
        frozenset(row["balance_month"] for row in ledger.history),
        frozenset(month for month, told in by_month.items() if all(s >= month or i in told for i, s in owed)),
        min([*spent, month_start(first.business_date)]) if has_credit_card else None,
    )
