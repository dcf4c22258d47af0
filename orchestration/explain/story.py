"""What the current release says of one customer, up to one month."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

import duckdb

from orchestration.errors import NotFoundError
from orchestration.releases.on_disk import open_current
from orchestration.settings import Settings
from orchestration.sql import Sql, fill, join, name

_SCHEMA = "customer_value"

Row = TypeVar("Row")


@dataclass(frozen=True)
class AumMonth:
    """A row of ``fct_customer_aum_monthly``."""

    month_start_date: date
    aum_end_amt: Decimal
    aum_month_avg_amt: Decimal
    aum_quarter_avg_amt: Decimal
    aum_year_avg_amt: Decimal
    aum_avg_6m_amt: Decimal | None
    aum_avg_12m_amt: Decimal | None
    is_partial_month: bool
    is_provisional: bool


@dataclass(frozen=True)
class Tier:
    """A row of ``fct_customer_tier_monthly``."""

    month_start_date: date
    rulebook_version: str
    tier_code: str
    status_code: str
    owning_org_id: str | None
    is_history_complete: bool


@dataclass(frozen=True)
class Reason:
    """A row of ``fct_tier_reason``."""

    deciding_factor_code: str
    factor_amt: Decimal
    threshold_amt: Decimal | None
    window_months: int | None
    below_months: int | None
    last_reached_month_date: date | None
    next_tier_code: str | None
    next_tier_missing_amt: Decimal | None
    attention_month_date: date | None
    loss_month_date: date | None
    months_to_attention: int | None
    months_to_loss: int | None


@dataclass(frozen=True)
class Status:
    """A row of ``fct_customer_tier_status_monthly``."""

    tier_code: str
    status_code: str
    below_months: int | None
    held_by_factor_code: str | None
    lost_since_date: date | None


@dataclass(frozen=True)
class TierEvent:
    """A row of ``fct_tier_event``."""

    month_start_date: date
    event_code: str
    from_tier_code: str
    to_tier_code: str
    cause_code: str


@dataclass(frozen=True)
class Part:
    """A row of ``fct_customer_aum_part_monthly``."""

    asset_class_code: str
    org_id: str
    aum_end_amt: Decimal
    aum_month_avg_amt: Decimal
    aum_year_avg_amt: Decimal


@dataclass(frozen=True)
class Role:
    """A row of ``fct_customer_org_role``."""

    org_id: str
    role_code: str
    deposit_end_amt: Decimal
    investment_end_amt: Decimal
    loan_balance_amt: Decimal
    card_balance_amt: Decimal


@dataclass(frozen=True)
class Story:
    """One customer, up to one month.

    Attributes:
        currency: Reporting currency of the amounts.
        months: Every month up to the one told, oldest first.
        tiers: The tiers of those months; none for a corporate customer.
        reason: Why the customer has the tier of the month.
    """

    customer_id: str
    release: str
    business_date: date
    currency: str
    months: list[AumMonth]
    tiers: dict[date, Tier]
    reason: Reason | None
    statuses: list[Status]
    events: list[TierEvent]
    parts: list[Part]
    roles: list[Role]

    @property
    def month(self) -> AumMonth:
        """The month that the story is told of."""
        return self.months[-1]

    @property
    def tier(self) -> Tier | None:
        """The tier of the month."""
        return self.tiers.get(self.month.month_start_date)


def read_story(settings: Settings, customer_id: str, month: date | None = None) -> Story:
    """Read a customer's story.

    Args:
        month: First day of the month to tell of; by default the customer's last one.

    Raises:
        NotFoundError: The release has no such customer, or no row of the customer for the month.
        PublicationError: Nothing is published.
    """
    with open_current(settings) as connection:
        release, business_date, currency = connection.execute(
            "select release, business_date, reporting_currency from quality.data_as_of"
        ).fetchone() or ("", date.min, "")
        asked = _Asked(connection, customer_id, month or date.max)
        months = asked.rows(AumMonth, "fct_customer_aum_monthly", "month_start_date")
        if not months or (month is not None and months[-1].month_start_date != month):
            _refuse(asked, release, has_earlier=bool(months))
        told = _Asked(connection, customer_id, months[-1].month_start_date)
        tiers = told.rows(Tier, "fct_customer_tier_monthly", "month_start_date")
        reasons = told.rows(Reason, "fct_tier_reason", "month_start_date", of_month=True)
        return Story(
            customer_id=customer_id,
            release=release,
            business_date=business_date,
            currency=currency,
            months=months,
            tiers={tier.month_start_date: tier for tier in tiers},
            reason=reasons[0] if reasons else None,
            statuses=told.rows(
                Status, "fct_customer_tier_status_monthly", "tier_rank desc nulls last", of_month=True
            ),
            events=told.rows(TierEvent, "fct_tier_event", "month_start_date, event_code, from_tier_code"),
            parts=told.rows(Part, "fct_customer_aum_part_monthly", "asset_class_code, org_id", of_month=True),
            roles=told.rows(
                Role, "fct_customer_org_role", "role_code desc nulls last, org_id", of_month=True
            ),
        )


@dataclass(frozen=True)
class _Asked:
    connection: duckdb.DuckDBPyConnection
    customer_id: str
    month: date

    def rows(self, kind: type[Row], table: str, order: str, *, of_month: bool = False) -> list[Row]:
        """The customer's rows up to the month, or of it alone."""
        columns = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        query = fill(
            "select {columns} from {table} where customer_id = ? and month_start_date {bound} ?"
            " order by {order}",
            columns=join(", ", map(name, columns)),
            table=name(_SCHEMA, table),
            bound=Sql("=" if of_month else "<="),
            order=Sql(order),
        )
        found: list[tuple[Any, ...]] = self.connection.execute(
            query, [self.customer_id, self.month]
        ).fetchall()
        return [kind(*row) for row in found]


def _refuse(asked: _Asked, release: str, *, has_earlier: bool) -> None:
    first, last = asked.connection.execute(
        "select min(month_start_date), max(month_start_date) from customer_value.fct_customer_aum_monthly"
        " where customer_id = ?",
        [asked.customer_id],
    ).fetchone() or (None, None)
    if first is None:
        raise NotFoundError(f"Release {release} has no such customer. Check the number.")
    raise NotFoundError(
        f"Release {release} has no row of the customer for that month; there are rows"
        f" {'between' if has_earlier else 'from'} {first:%Y-%m} and {last:%Y-%m}. Name one of those months."
    )
