"""AUM per customer and month from the delivered rows, day by day, in exact fractions (2.1)."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from tests.reference.known import Known, Ledger, Row
from tests.reference.recorded import records_of
from tests.support.timeline import add_months, days, month_end, month_start

CENT = Decimal("0.01")


def rounded(amount: Fraction) -> Decimal:
    """Half up to 0.01, exactly."""
    cents = amount * 100
    whole = (cents.numerator * 2 + cents.denominator) // (2 * cents.denominator)
    return (Decimal(whole) / 100).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class Parts:
    """An amount by asset class."""

    deposit: Fraction = Fraction(0)
    investment: Fraction = Fraction(0)

    def __add__(self, other: "Parts") -> "Parts":
        return Parts(self.deposit + other.deposit, self.investment + other.investment)

    @property
    def total(self) -> Fraction:
        """The customer's whole amount."""
        return self.deposit + self.investment


@dataclass(frozen=True)
class Held:
    """What one owner holds of one product in one account, as far as it counts."""

    customer_id: str
    org_id: str
    asset_class: str
    open_date: date
    amount: Fraction

    @property
    def parts(self) -> Parts:
        """The amount by asset class."""
        if self.asset_class == "deposit":
            return Parts(deposit=self.amount)
        return Parts(investment=self.amount)


@dataclass(frozen=True)
class AumMonth:
    """One row of ``fct_customer_aum_monthly``; fractions are still exact.

    Attributes:
        days: Recorded calendar days of the month so far.
        is_partial: Whether the bank's records begin inside the month.
    """

    end: Parts
    balance_sum: Parts
    days: int
    is_provisional: bool
    is_partial: bool = False

    @property
    def month_avg(self) -> Fraction:
        """月日均."""
        return self.balance_sum.total / self.days

    @property
    def month_avg_30(self) -> Fraction:
        """The average over 30 days, of a partial month over its recorded days."""
        return self.month_avg if self.is_partial else self.balance_sum.total / 30


def aum_months(ledger: Ledger) -> dict[str, dict[date, AumMonth]]:
    """Months of every customer, from the first to the last that the specification asks for."""
    last_day = ledger.nights[-1].business_date
    sums: dict[tuple[str, date], Parts] = defaultdict(Parts)
    ends: dict[tuple[str, date], Parts] = defaultdict(Parts)
    _add_history(ledger, sums, ends)
    for day in days(ledger.nights[0].business_date, last_day):
        month, amounts = month_start(day), _day(ledger, day)
        for customer, parts in amounts.items():
            sums[customer, month] += parts
        if day in (month_end(day), last_day):
            for customer in all_customers(ledger):
                ends[customer, month] = amounts.get(customer, Parts())

    records = records_of(ledger)
    months: dict[str, dict[date, AumMonth]] = {}
    for customer in all_customers(ledger):
        months[customer] = {
            month: AumMonth(
                ends[customer, month],
                sums[customer, month],
                records.recorded_days(month, last_day),
                month_end(month) > last_day,
                records.is_partial(month),
            )
            for month in _months_of(ledger, customer, sums)
        }
    return months


def all_customers(ledger: Ledger) -> dict[str, Row]:
    """Every customer that any batch has named, as last named."""
    return {row["customer_id"]: row for known in ledger.nights for row in known.rows("customer")}


def history_start(ledger: Ledger) -> date:
    """First month of the recorded history."""
    return records_of(ledger).start


def _months_of(ledger: Ledger, customer: str, sums: dict[tuple[str, date], Parts]) -> list[date]:
    first_open = all_customers(ledger)[customer]["first_open_date"]
    known_since = next(
        known.business_date
        for known in ledger.nights
        if any(row["customer_id"] == customer for row in known.rows("customer"))
    )
    start = month_start(first_open if first_open >= history_start(ledger) else known_since)
    recorded = [month for who, month in sums if who == customer]
    owed = {row["loan_id"] for row in ledger.nights[0].rows("loan") if row["customer_id"] == customer}
    recorded += [
        row["balance_month"]
        for row in ledger.loan_history
        if row["loan_id"] in owed and row["balance_month"] >= history_start(ledger)
    ]
    first = min([start, *recorded])

    months, month = [], first
    while month <= ledger.nights[-1].business_date:
        # money that a closed customer still holds keeps its row
        if _is_customer_in(ledger, customer, month) or sums.get((customer, month), Parts()).total:
            months.append(month)
        month = add_months(month, 1)
    return months


def _is_customer_in(ledger: Ledger, customer: str, month: date) -> bool:
    """Whether the customer has a row: not closed already when the month began.

    The month in which a batch says closed still has a row; so has every month before the first batch.
    """
    before = month - timedelta(1)
    spoken = [known for known in ledger.nights if known.business_date <= before]
    if not spoken or _status(spoken[-1], customer) != "closed":
        return True
    within = [known for known in ledger.nights if month <= known.business_date <= month_end(month)]
    return any(_status(known, customer) == "active" for known in within)


def _status(known: Known, customer: str) -> str | None:
    for row in known.rows("customer"):
        if row["customer_id"] == customer:
            return str(row["status"])
    return None


def _add_history(
    ledger: Ledger, sums: dict[tuple[str, date], Parts], ends: dict[tuple[str, date], Parts]
) -> None:
    for month, total, end in history(ledger):
        sums[total.customer_id, month] += total.parts
        ends[end.customer_id, month] += end.parts


def history(ledger: Ledger) -> Iterator[tuple[date, Held, Held]]:
    """Month, balance sum and month end of everything in the initial load."""
    known = ledger.nights[0]
    accounts = {row["account_id"]: row for row in known.rows("account")}
    for row in ledger.history:
        account = accounts[row["account_id"]]
        last = min(month_end(row["balance_month"]), known.business_date - timedelta(1))
        rate = ledger.rate(account["currency"], last)
        closed = account["close_date"]
        # a row may end with the last day before the closing
        end_balance = row["month_end_balance"] if closed is None or closed > last else 0
        for customer, share in known.shares(account).items():
            total, end = (
                _held(known, customer, account, row["product_code"], Fraction(amount) * rate * share)
                for amount in (row["balance_sum"], end_balance)
            )
            yield row["balance_month"], total, end


def _day(ledger: Ledger, day: date) -> dict[str, Parts]:
    """AUM of every customer on one day."""
    result: dict[str, Parts] = defaultdict(Parts)
    for held in held_on(ledger, day):
        result[held.customer_id] += held.parts
    return result


def held_on(ledger: Ledger, day: date) -> Iterator[Held]:
    """What everybody holds on one day; a day without a batch carries the day before it."""
    known = ledger.as_of(day)
    closings = {row["account_id"]: row["close_date"] for row in _next_word(ledger, day).rows("account")}
    accounts = {row["account_id"]: row for row in known.rows("account")}

    lines = [(row["account_id"], None, row["balance"]) for row in known.deposits]
    lines += [(row["account_id"], row["product_code"], row["market_value"]) for row in known.positions]
    for account_id, position_product, amount in lines:
        account = accounts[account_id]
        closed = account["close_date"] or closings.get(account_id)
        if day < account["open_date"] or (closed is not None and day >= closed):
            continue
        value = max(Fraction(amount), Fraction(0)) * ledger.rate(account["currency"], day)
        for customer, share in known.shares(account).items():
            product = position_product or account["product_code"]
            yield _held(known, customer, account, product, value * share)


def _next_word(ledger: Ledger, day: date) -> Known:
    """The first batch on or after the day: it tells of closings on days without a batch."""
    return next(known for known in ledger.nights if known.business_date >= day)


def _held(known: Known, customer: str, account: Row, product_code: str, amount: Fraction) -> Held:
    product = known.products[product_code]
    weight = Fraction(product["aum_weight"]) if product["is_in_aum"] else Fraction(0)
    return Held(customer, account["org_id"], product["asset_class"], account["open_date"], amount * weight)
