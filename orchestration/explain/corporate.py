"""A corporate customer by the current release: group, chain, funds, plan share, opportunities, events."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orchestration.errors import NotFoundError
from orchestration.explain.plan_share import PlanShare, plan_shares
from orchestration.explain.reading import reading
from orchestration.settings import Settings

_OF_CUSTOMER = "customer_id = $customer"
_LAST_MONTH = "month_start_date = $month"


@dataclass(frozen=True)
class Overview:
    """A row of ``dim_corporate_360``."""

    customer_id: str
    as_of_date: date
    owning_org_id: str
    main_employee_id: str | None
    industry_code: str | None
    region_code: str | None
    size_band_code: str | None
    lifecycle_code: str | None
    activity_code: str | None
    value_potential_code: str | None
    held_lines: str | None
    missing_lines: str | None
    last_visit_date: date | None
    deposit_end_amt: Decimal
    loan_amt: Decimal | None
    credit_limit_amt: Decimal | None
    contribution_12m_amt: Decimal | None
    raroc_rate: Decimal | None
    settlement_12m_amt: Decimal | None
    counterparty_cnt: int | None
    inside_counterparty_cnt: int | None
    payroll_person_cnt: int | None


@dataclass(frozen=True)
class Member:
    """A row of ``fct_group_member`` that holds on the last business date."""

    customer_id: str
    parent_customer_id: str | None
    depth: int
    share: Decimal | None
    ultimate_parent_customer_id: str
    path: str
    is_circle_cut: bool


@dataclass(frozen=True)
class Group:
    """A row of ``fct_group_monthly``."""

    month_start_date: date
    member_cnt: int
    deposit_end_amt: Decimal
    loan_amt: Decimal
    guarantee_cnt: int
    guaranteed_loan_amt: Decimal
    contribution_amt: Decimal | None
    worst_five_class_code: str | None
    inside_payment_amt: Decimal
    inside_payment_cnt: int


@dataclass(frozen=True)
class Link:
    """A row of ``fct_supply_chain_link_monthly``."""

    payer_customer_id: str
    payee_customer_id: str
    link_code: str
    paid_amt: Decimal
    payment_months: int
    payer_out_share: Decimal | None
    payee_in_share: Decimal | None


@dataclass(frozen=True)
class Funds:
    """A row of ``fct_counterparty_flow_monthly``."""

    counterparty_customer_id: str | None
    counter_name: str | None
    counter_bank_name: str | None
    is_inside: bool
    in_amt: Decimal
    out_amt: Decimal
    salary_out_amt: Decimal
    counterparty_key: str


@dataclass(frozen=True)
class OpenOpportunity:
    """A row of ``fct_opportunity`` that is not closed."""

    opportunity_id: str
    stage_code: str
    since_date: date
    expected_close_date: date | None
    amount_amt: Decimal | None
    probability_rate: Decimal | None
    owner_id: str | None


@dataclass(frozen=True)
class Told:
    """A row of ``fct_event``."""

    entry_id: int
    event_id: str
    entry_type_code: str
    event_code: str
    event_date: date
    business_date: date
    amount_amt: Decimal | None


@dataclass(frozen=True)
class CorporateStory:
    """One corporate customer on one page.

    Attributes:
        month: The running month, of which group, chain and funds are.
        members: The whole group, from the ultimate parent down; none for a customer outside groups.
        shares: What the customer brings of the plans of the nearest org above that has any.
        events: Events that stand, the newest first.
    """

    release: str
    business_date: date
    currency: str
    month: date
    overview: Overview
    members: list[Member]
    group: Group | None
    links: list[Link]
    funds: list[Funds]
    shares: list[PlanShare]
    opportunities: list[OpenOpportunity]
    events: list[Told]


def read_corporate(settings: Settings, customer_id: str) -> CorporateStory:
    """Read a corporate customer's page, as of the last business date.

    Raises:
        NotFoundError: The release has no such corporate customer, or the customer is closed.
        PublicationError: Nothing is published, or no corporate customers are in it.
    """
    with reading(settings) as release:
        found = release.rows(
            Overview, "corporate.dim_corporate_360", _OF_CUSTOMER, "customer_id", customer=customer_id
        )
        if not found:
            raise NotFoundError(
                f"Release {release.release} has no such corporate customer, or none who is not closed."
                " Check the number."
            )
        (overview,) = found
        month = overview.as_of_date.replace(day=1)
        named = {"customer": customer_id, "night": overview.as_of_date, "month": month}
        members = release.rows(
            Member,
            "corporate.fct_group_member",
            "ultimate_parent_customer_id = (select any_value(mine.ultimate_parent_customer_id)"
            " from corporate.fct_group_member as mine where mine.customer_id = $customer"
            " and mine.valid_from_date <= $night"
            " and (mine.valid_to_date is null or mine.valid_to_date > $night))"
            " and valid_from_date <= $night and (valid_to_date is null or valid_to_date > $night)",
            "depth, customer_id",
            **named,
        )
        groups = release.rows(
            Group,
            "corporate.fct_group_monthly",
            f"ultimate_parent_customer_id = $parent and {_LAST_MONTH}",
            "month_start_date",
            parent=members[0].ultimate_parent_customer_id if members else None,
            **named,
        )
        told = release.rows(Told, "monitoring.fct_event", _OF_CUSTOMER, "entry_id", **named)
        return CorporateStory(
            release=release.release,
            business_date=release.business_date,
            currency=release.currency,
            month=month,
            overview=overview,
            members=members,
            group=groups[0] if groups else None,
            links=release.rows(
                Link,
                "corporate.fct_supply_chain_link_monthly",
                f"(payer_customer_id = $customer or payee_customer_id = $customer) and {_LAST_MONTH}",
                "paid_amt desc nulls last, payer_customer_id, payee_customer_id",
                **named,
            ),
            funds=release.rows(
                Funds,
                "corporate.fct_counterparty_flow_monthly",
                f"{_OF_CUSTOMER} and {_LAST_MONTH}",
                "abs(in_amt) + abs(out_amt) desc nulls last, counterparty_key",
                **named,
            ),
            shares=plan_shares(release, customer_id, overview.owning_org_id, month),
            opportunities=release.rows(
                OpenOpportunity,
                "corporate.fct_opportunity",
                f"{_OF_CUSTOMER} and outcome_code = 'open'",
                "expected_close_date nulls last, opportunity_id",
                **named,
            ),
            events=_standing(told),
        )


def _standing(told: list[Told]) -> list[Told]:
    """The last entry of each event, without those withdrawn; the newest first."""
    last = {entry.event_id: entry for entry in told}
    standing = [entry for entry in last.values() if entry.entry_type_code == "event"]
    return sorted(standing, key=lambda entry: entry.entry_id, reverse=True)
