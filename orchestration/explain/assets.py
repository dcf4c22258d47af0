"""What a customer's AUM did in a month, by the current release: bridge, flows, assets of the day."""

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from orchestration.errors import NotFoundError
from orchestration.explain.reading import reading
from orchestration.settings import Settings


@dataclass(frozen=True)
class Bridge:
    """A row of ``fct_aum_bridge_monthly``."""

    month_start_date: date
    owning_org_id: str
    opening_tier_code: str
    nnm_rule_code: str | None
    opening_amt: Decimal
    scope_amt: Decimal
    fx_amt: Decimal
    new_money_in_amt: Decimal
    money_out_amt: Decimal
    transfer_in_amt: Decimal
    transfer_out_amt: Decimal
    own_transfer_amt: Decimal
    interest_amt: Decimal
    fee_amt: Decimal
    loan_flow_amt: Decimal
    overdraft_amt: Decimal
    investment_result_amt: Decimal
    unexplained_amt: Decimal
    closing_amt: Decimal
    net_new_money_amt: Decimal
    nnm_indirect_amt: Decimal
    is_provisional: bool

    @property
    def parts(self) -> dict[str, Decimal]:
        """What leads from opening to closing, in order, by the part's code."""
        columns = [field.name for field in fields(self)]
        between = columns[columns.index("opening_amt") + 1 : columns.index("closing_amt")]
        return {column.removesuffix("_amt"): getattr(self, column) for column in between}


@dataclass(frozen=True)
class Flow:
    """A row of ``fct_customer_flow_monthly``."""

    flow_code: str
    txn_cnt: int
    amount_amt: Decimal


@dataclass(frozen=True)
class Assets:
    """A row of ``fct_customer_assets``; a change is None where the day before is not recorded."""

    business_date: date
    owning_org_id: str | None
    employee_id: str | None
    deposit_amt: Decimal
    deposit_change_day_amt: Decimal | None
    deposit_change_month_amt: Decimal | None
    deposit_change_year_amt: Decimal | None
    investment_amt: Decimal
    investment_change_day_amt: Decimal | None
    investment_change_month_amt: Decimal | None
    investment_change_year_amt: Decimal | None
    total_assets_amt: Decimal
    total_assets_change_day_amt: Decimal | None
    total_assets_change_month_amt: Decimal | None
    total_assets_change_year_amt: Decimal | None
    aum_amt: Decimal
    aum_change_day_amt: Decimal | None
    aum_change_month_amt: Decimal | None
    aum_change_year_amt: Decimal | None
    loan_amt: Decimal
    loan_change_day_amt: Decimal | None
    loan_change_month_amt: Decimal | None
    loan_change_year_amt: Decimal | None
    card_debt_amt: Decimal
    net_assets_amt: Decimal


@dataclass(frozen=True)
class Counted:
    """A row of ``nnm_rules``."""

    part_code: str


@dataclass(frozen=True)
class AssetStory:
    """One customer's month as a bridge.

    Attributes:
        bridge: None for a customer who never had AUM, with loans alone.
        counted: Parts that are net new money by the rule in force.
        flows: Transactions dated in the month.
        assets: Of the last business date; None for one who has nothing left.
    """

    customer_id: str
    release: str
    business_date: date
    currency: str
    bridge: Bridge | None
    counted: list[str]
    flows: list[Flow]
    assets: Assets | None


def read_assets(settings: Settings, customer_id: str, month: date | None = None) -> AssetStory:
    """Read a customer's month.

    Args:
        month: First day of the month; by default the customer's last one.

    Raises:
        NotFoundError: The release has no such customer, or no row of the customer for the month.
        PublicationError: Nothing is published, or no bridge is in it.
    """
    is_customer = "customer_id = $customer"
    with reading(settings) as release:
        bridges = release.rows(
            Bridge,
            "monitoring.fct_aum_bridge_monthly",
            is_customer,
            "month_start_date",
            customer=customer_id,
        )
        assets = release.rows(
            Assets, "monitoring.fct_customer_assets", is_customer, "customer_id", customer=customer_id
        )
        if not bridges and not assets:
            raise NotFoundError(
                f"Release {release.release} has neither AUM nor assets of such a customer. Check the number."
            )
        wanted = [bridge for bridge in bridges if month in (None, bridge.month_start_date)]
        if month is not None and not wanted:
            raise NotFoundError(_missing(release.release, [bridge.month_start_date for bridge in bridges]))
        told = wanted[-1] if wanted else None
        first_day = told.month_start_date if told else release.business_date.replace(day=1)
        counted = release.rows(
            Counted,
            "rules.nnm_rules",
            "nnm_rule_code = $rule and valid_from_month <= $month",
            "part_code",
            rule=told.nnm_rule_code if told else None,
            month=first_day,
        )
        return AssetStory(
            customer_id=customer_id,
            release=release.release,
            business_date=release.business_date,
            currency=release.currency,
            bridge=told,
            counted=[row.part_code for row in counted],
            flows=release.rows(
                Flow,
                "monitoring.fct_customer_flow_monthly",
                f"{is_customer} and month_start_date = $month",
                "flow_code",
                customer=customer_id,
                month=first_day,
            ),
            assets=assets[0] if assets else None,
        )


def _missing(release: str, months: list[date]) -> str:
    if not months:
        return f"Release {release} has no AUM bridge of the customer: there never was AUM. Leave --month out."
    listed = ", ".join(f"{month:%Y-%m}" for month in months[-12:])
    return f"Release {release} has no AUM bridge of the customer for that month; there is of {listed}."
