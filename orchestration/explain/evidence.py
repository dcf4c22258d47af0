"""Which published rows an event rests on: a table and a condition for each kind of event.

Accounts, loans, cards and transactions have the same hash in every table, so the rows of an event's subject
are found by it. What is in no release, such as single transactions below the line of large ones or a card's
purchases, is not made up for.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from orchestration.explain.reading import Reading


@dataclass(frozen=True)
class Source:
    """Where rows of an event are looked for; the condition's parameters are :func:`find_evidence`'s."""

    title: str
    table: str
    columns: tuple[str, ...]
    where: str
    order: str


@dataclass(frozen=True)
class Evidence:
    """Published rows behind an event."""

    source: Source
    rows: list[tuple[Any, ...]]


_LARGE = ("txn_id", "txn_date", "direction_code", "flow_code", "amount_amt", "day_total_amt", "is_in_bank")
_EVENT = ("event_id", "event_code", "event_date", "business_date", "amount_amt", "event_cnt")
_TIER = ("month_start_date", "tier_code", "status_code", "assessment_aum_amt", "below_months")

_TRANSACTION = Source(
    "The transaction, in the list of large ones",
    "monitoring.fct_large_transaction",
    ("account_id", *_LARGE[1:], "threshold_amt"),
    "txn_id = $subject",
    "month_start_date, txn_id",
)
_DAY = Source(
    "Large transactions of the day",
    "monitoring.fct_large_transaction",
    _LARGE,
    "customer_id = $customer and txn_date = $event_date",
    "txn_id",
)
_OUT = Source(
    "Large transactions out, in the window",
    "monitoring.fct_large_transaction",
    _LARGE,
    "customer_id = $customer and direction_code = 'out'"
    " and txn_date > $from_date and txn_date <= $event_date",
    "txn_date, txn_id",
)
_AUM = Source(
    "AUM day by day",
    "customer_value.fct_customer_aum_daily",
    ("calendar_date", "business_date", "aum_end_amt"),
    "customer_id = $customer and calendar_date >= $from_date and calendar_date <= $event_date",
    "calendar_date",
)
_FLOWS = Source(
    "Flows of the months before",
    "monitoring.fct_customer_flow_monthly",
    ("month_start_date", "flow_code", "txn_cnt", "amount_amt"),
    "customer_id = $customer and month_start_date > $event_date::date - interval 5 month"
    " and month_start_date <= $event_date",
    "month_start_date, flow_code",
)
_TIERS = Source(
    "Tier of the month and of the one before",
    "customer_value.fct_customer_tier_monthly",
    _TIER,
    "customer_id = $customer and month_start_date >= $reference_date::date - interval 1 month"
    " and month_start_date <= $reference_date",
    "month_start_date",
)
_CONTRACT = Source(
    "The contract, in the contribution of its last months",
    "contribution.fct_account_contribution_monthly",
    ("month_start_date", "source_code", "product_code", "org_id", "average_balance_amt"),
    "account_id = $subject and month_start_date <= $night"
    " and month_start_date > $night::date - interval 3 month",
    "month_start_date, product_code, org_id",
)
_CALENDAR = Source(
    "The line of the calendar, while it is to come",
    "workbench.feed_calendar",
    ("calendar_line_code", "festival_code", "due_date", "days_left", "amount_amt"),
    "customer_id = $customer and subject_id = $subject and due_date = $event_date",
    "line_id",
)
_HOLDING = Source(
    "What is held since that day",
    "customer.fct_customer_holding",
    ("product_line_code", "product_code", "since_date", "account_cnt", "balance_amt"),
    "customer_id = $customer and since_date = $event_date",
    "product_code, holding_code",
)
_COUNTERPARTY = Source(
    "Counterparties of the month with as much",
    "corporate.fct_counterparty_flow_monthly",
    ("counterparty_key", "counter_name", "counter_bank_code", "is_inside", "in_amt", "out_amt"),
    "customer_id = $customer and month_start_date = date_trunc('month', $event_date::date)"
    " and greatest(in_amt, out_amt) >= $amount",
    "counterparty_key",
)
_CAUSE = Source(
    "The event of the member of the group, or of whom the customer guarantees",
    "monitoring.fct_event",
    ("customer_id", *_EVENT),
    "event_code in ('loan_overdue', 'class_downgrade') and entry_type_code = 'event'"
    " and business_date = $night and event_date = $event_date and customer_id <> $customer"
    " and amount_amt is not distinct from $amount::decimal(18, 2)"
    " and event_cnt is not distinct from $count::integer",
    "entry_id",
)
_INFLOW = Source(
    "The inflow that came first",
    "monitoring.fct_event",
    _EVENT,
    "event_code = 'large_inflow' and entry_type_code = 'event' and customer_id = $customer"
    " and event_date = $reference_date and amount_amt = $amount",
    "entry_id",
)
_MATURITY = Source(
    "The maturity that came first",
    "monitoring.fct_event",
    _EVENT,
    "event_code = 'account_maturing' and entry_type_code = 'event' and customer_id = $customer"
    " and event_date = $reference_date and amount_amt = $reference",
    "entry_id",
)

SOURCES: dict[str, tuple[Source, ...]] = {
    "large_inflow": (_TRANSACTION,),
    "large_outflow": (_TRANSACTION,),
    "borrower_outflow": (_TRANSACTION,),
    "large_card_spend": (),
    "unusual_inflow": (_DAY,),
    "unusual_outflow": (_DAY,),
    "frequent_outside_transfers": (_OUT, _FLOWS),
    "funds_moved_away": (_AUM, _OUT),
    "balance_below": (_AUM,),
    "account_closed": (_CONTRACT,),
    "payroll_started": (_FLOWS,),
    "payroll_stopped": (_FLOWS,),
    "first_business": (_HOLDING,),
    "counterparty_new_large": (_COUNTERPARTY,),
    "inflow_then_purchase_gap": (_INFLOW, _FLOWS),
    "maturity_then_outflow": (_MATURITY, _FLOWS),
    "loan_maturing": (_CALENDAR, _CONTRACT),
    "account_maturing": (_CALENDAR, _CONTRACT),
    "card_expiring": (_CALENDAR, _CONTRACT),
    "instalment_due": (_CALENDAR, _CONTRACT),
    "card_payment_due": (_CONTRACT,),
    "interest_arrears": (_CONTRACT,),
    "loan_overdue": (_CONTRACT,),
    "card_overdue": (_CONTRACT,),
    "class_downgrade": (_CONTRACT,),
    "group_member_risk": (_CAUSE,),
    "tier_upgrade": (_TIERS,),
    "tier_regained": (_TIERS,),
    "tier_attention": (_TIERS,),
    "tier_lost": (_TIERS,),
    "tier_downgrade": (_TIERS,),
    "birthday": (_CALENDAR,),
    "festival": (_CALENDAR,),
}
"""By event code; a code of a bank's own detector that is not here has no rows to show."""


def find_evidence(
    release: Reading,
    event_code: str,
    *,
    window_days: int | None,
    customer: str,
    subject: str,
    event_date: date,
    night: date,
    reference_date: date | None,
    amount: Decimal | None,
    reference: Decimal | None,
    count: int | None,
) -> list[Evidence]:
    """Rows of the release behind an event, by source; a source without rows is left out.

    Args:
        window_days: Of the rule; the window begins with the reference date where there is one.
        night: Business date that told it.
    """
    named = {
        "customer": customer,
        "subject": subject,
        "event_date": event_date,
        "night": night,
        "reference_date": reference_date,
        "from_date": reference_date or event_date - timedelta(window_days or 0),
        "amount": amount,
        "reference": reference,
        "count": count,
    }
    found = []
    for source in SOURCES.get(event_code, ()):
        rows = release.raw(source.table, source.columns, source.where, source.order, **named)
        if rows:
            found.append(Evidence(source, rows))
    return found
