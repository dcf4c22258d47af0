"""The whole reference: delivered batches in, what ``customer_value`` has to publish out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.reference.aum import AumMonth, all_customers, aum_months, history_start, rounded
from tests.reference.known import Ledger
from tests.reference.recorded import Records, records_of
from tests.reference.tiers import Month, TierMonth, assess
from tests.support.bank import Row
from tests.support.timeline import add_months, month_end, months_between

Months = dict[date, AumMonth]


@dataclass(frozen=True)
class Expected:
    """Expected rows by customer and month; tiers of personal customers only.

    Attributes:
        ledger: The batches that they come from.
        history_start: First month of the recorded history.
    """

    ledger: Ledger
    history_start: date
    aum: dict[str, Months]
    factors: dict[str, dict[date, Month]]
    tiers: dict[str, dict[date, TierMonth]]


def customer_value(ledger: Ledger) -> Expected:
    """AUM, factors and tiers of every customer and month."""
    aum = aum_months(ledger)
    factors: dict[str, dict[date, Month]] = {}
    tiers: dict[str, dict[date, TierMonth]] = {}
    for customer, row in all_customers(ledger).items():
        months = [month for month in aum[customer] if _is_person(ledger, customer, month)]
        if months:
            factors[customer] = {
                month: assessed_month(ledger, customer, month, rounded(aum[customer][month].month_avg))
                for month in months
            }
            tiers[customer] = assess(
                factors[customer],
                opened_in_history=row["first_open_date"] >= history_start(ledger),
                records=records_of(ledger),
                opened=row["first_open_date"],
                first_month=min(aum[customer]),
            )
    return Expected(ledger, history_start(ledger), aum, factors, tiers)


def _is_person(ledger: Ledger, customer: str, month: date) -> bool:
    """Whether the month's last batch called the customer one."""
    return bool(ledger.customer(customer, month)["customer_type"] == "P")


def assessed_month(ledger: Ledger, customer: str, month: date, assessment_aum: Decimal) -> Month:
    """What the customer brings to the month's assessment besides AUM: loans and cards as of its last day.

    Of months before the first batch that is what the initial load tells: month-end balances of loans, card
    spending where all 12 months of it were delivered, cards from their issue on.
    """
    records = records_of(ledger)
    last_batch = ledger.nights[-1].business_date
    day = min(month_end(month), last_batch)
    is_judged = records.is_judged("card_spend", month)
    loans = _loans_told if month < records.first_month else _loans
    if not records.is_judged("mortgage", month):
        loans = _no_loans
    return Month(
        assessment_aum,
        card_spend=rounded(_card_spend(ledger, customer, month)) if is_judged else Decimal("0.00"),
        mortgage=rounded(loans(ledger, customer, day, {"mortgage"})),
        credit_loan=rounded(loans(ledger, customer, day, {"unsecured", "guaranteed"})),
        has_diamond=_has_diamond(ledger, customer, day),
    )


def _no_loans(ledger: Ledger, customer: str, day: date, classes: set[str]) -> Fraction:
    """Of a month whose history leaves loans out nobody's count."""
    return Fraction(0)


def _loans(ledger: Ledger, customer: str, day: date, classes: set[str]) -> Fraction:
    known = ledger.as_of(day)
    loans = {row["loan_id"]: row for row in known.rows("loan")}
    total = Fraction(0)
    for row in known.loan_balances:
        loan = loans[row["loan_id"]]
        if loan["customer_id"] == customer and loan["loan_class"] in classes:
            total += Fraction(row["balance"]) * ledger.rate(loan["currency"], day)
    return total


def _loans_told(ledger: Ledger, customer: str, day: date, classes: set[str]) -> Fraction:
    """What the initial load says was owed at the end of a past month."""
    loans = {row["loan_id"]: row for row in ledger.nights[0].rows("loan")}
    total = Fraction(0)
    for row in ledger.loan_history:
        loan = loans[row["loan_id"]]
        is_asked = loan["customer_id"] == customer and loan["loan_class"] in classes
        if is_asked and month_end(row["balance_month"]) == day:
            total += Fraction(row["month_end_balance"]) * ledger.rate(loan["currency"], day)
    return total


def _has_diamond(ledger: Ledger, customer: str, day: date) -> bool:
    return any(
        card["customer_id"] == customer
        and card["card_kind"] == "credit"
        and card["card_grade"] == "diamond"
        and card["status"] == "valid"
        and card["issue_date"] <= day <= card["expiry_date"]
        for card in ledger.as_of(day).rows("card")
    )


def _card_spend(ledger: Ledger, customer: str, month: date) -> Fraction:
    """Consumption of the credit cards in the 12 months ending with the month.

    A reversal is taken off on the day of the transaction that it reverses, from the month of its own day on.
    """
    known = ledger.nights[-1]
    credit = {
        row["card_id"]
        for row in known.rows("card")
        if row["customer_id"] == customer and row["card_kind"] == "credit"
    }
    booked = {row["txn_id"]: row for row in ledger.card_transactions(month) if row["card_id"] in credit}
    first, last = add_months(month, -11), min(month_end(month), known.business_date)
    total = Fraction(0)
    for row in booked.values():
        bought, sign = _bought(row, booked)
        # a reversal that came before its purchase waits for it
        if bought is None or not bought["is_consumption"]:
            continue
        if first <= bought["txn_date"] <= last and row["txn_date"] <= last:
            total += sign * abs(Fraction(row["amount"])) if row is not bought else Fraction(row["amount"])
    return total


def _bought(row: Row, booked: Mapping[str, Row]) -> tuple[Row | None, int]:
    """The purchase that a card transaction comes down to, and its sign: a reversal of a reversal adds."""
    sign, seen = 1, set()
    while row["reversed_txn_id"]:
        original = booked.get(row["reversed_txn_id"])
        if original is None or original["txn_id"] in seen:
            return None, sign
        seen.add(original["txn_id"])
        row, sign = original, -sign
    return row, sign


def trailing(months: Months, month: date, window: int) -> tuple[Decimal | None, Decimal | None]:
    """Average and maximum of the published averages of the months that exist and are not partial."""
    averages = [
        rounded(months[m].month_avg)
        for m in months
        if m <= month and months_between(m, month) < window and not months[m].is_partial
    ]
    if not averages:
        return None, None
    return rounded(Fraction(sum(averages)) / len(averages)), max(averages)


def to_date_average(months: Months, month: date, *, first: date, records: Records, last_day: date) -> Decimal:
    """Σ balance_sum / recorded calendar days to date from ``first`` on (季日均, 年日均).

    As in the month average, days before the customer came count: with a balance of 0.
    """
    span = [months[m] for m in months if first <= m <= month]
    counted, through = 0, first
    while through <= month:
        counted += records.recorded_days(through, last_day)
        through = add_months(through, 1)
    return rounded(sum((m.balance_sum.total for m in span), Fraction(0)) / counted)
