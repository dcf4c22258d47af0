"""Differences between a published warehouse and the reference, one readable line each."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from tests.reference.aum import AumMonth, rounded
from tests.reference.customer_value import Expected, to_date_average, trailing
from tests.reference.recorded import records_of
from tests.reference.rulebook import FACTORS
from tests.support.memory_nights import MemoryNights
from tests.support.timeline import add_months, month_start
from tests.support.warehouse import Warehouse

Row = dict[str, Any]
Key = tuple[str, date]


def _by_customer_month(rows: Iterable[Row]) -> dict[Key, Row]:
    found: dict[Key, Row] = {}
    for row in rows:
        key = row["customer_id"], row["month_start_date"]
        assert key not in found, f"two rows for {key}"
        found[key] = row
    return found


def _keys(what: str, published: Iterable[Key], wanted: Iterable[Key]) -> list[str]:
    missing, extra = set(wanted) - set(published), set(published) - set(wanted)
    lines = [f"{what}: {customer} {month} is missing" for customer, month in sorted(missing)]
    return lines + [f"{what}: {customer} {month} is too many" for customer, month in sorted(extra)]


def _values(what: str, key: Key, published: Row, wanted: Row) -> list[str]:
    return [
        f"{what}: {key[0]} {key[1]:%Y-%m} {column} is {published[column]}, expected {value}"
        for column, value in wanted.items()
        if published[column] != value
    ]


def aum_differences(warehouse: Warehouse | MemoryNights, expected: Expected) -> list[str]:
    """``fct_customer_aum_monthly`` against the reference."""
    published = _by_customer_month(warehouse.query("from customer_value.fct_customer_aum_monthly"))
    wanted = {(who, month): aum for who, months in expected.aum.items() for month, aum in months.items()}
    lines = _keys("aum", published, wanted)
    last_day = expected.ledger.nights[-1].business_date
    recorded: dict[str, Any] = {"records": records_of(expected.ledger), "last_day": last_day}
    for key in sorted(published.keys() & wanted.keys()):
        customer, month = key
        months, aum, row = expected.aum[customer], wanted[key], published[key]
        avg_6m, max_6m = trailing(months, month, 6)
        avg_12m, max_12m = trailing(months, month, 12)
        amounts = {
            "aum_end_amt": rounded(aum.end.total),
            "aum_month_avg_amt": rounded(aum.month_avg),
            "aum_month_avg_30_amt": rounded(aum.month_avg_30),
            "aum_quarter_avg_amt": to_date_average(
                months, month, first=max(_quarter_start(month), expected.history_start), **recorded
            ),
            "aum_year_avg_amt": to_date_average(
                months, month, first=max(month.replace(month=1), expected.history_start), **recorded
            ),
            "aum_avg_6m_amt": avg_6m,
            "aum_max_6m_amt": max_6m,
            "aum_avg_12m_amt": avg_12m,
            "aum_max_12m_amt": max_12m,
            "balance_sum_amt": rounded(aum.balance_sum.total),
            "months_12m_cnt": sum(_counts(months, month_of_12) for month_of_12 in _last_12(month)),
            "is_full_12m_window": all(_counts(months, month_of_12) for month_of_12 in _last_12(month)),
            "is_partial_month": aum.is_partial,
            "is_provisional": aum.is_provisional,
        }
        lines += _values("aum", key, row, amounts)
        lines += _parts(
            key, row, "aum_end_amt", "deposit_end_amt", "investment_end_amt", rounded(aum.end.deposit)
        )
        deposit_avg = rounded(aum.balance_sum.deposit / aum.days)
        average = "aum_month_avg_amt", "deposit_month_avg_amt", "investment_month_avg_amt"
        lines += _parts(key, row, *average, deposit_avg)
    return lines


def _parts(
    key: Key, row: Row, total: str, deposit: str, investment: str, deposit_amount: Decimal
) -> list[str]:
    """The parts add to the total; each is the exact amount, give or take the rounding of the other."""
    lines = []
    if row[deposit] + row[investment] != row[total]:
        lines.append(f"aum: {key[0]} {key[1]:%Y-%m} {deposit} + {investment} is not {total}")
    if abs(row[deposit] - deposit_amount) > Decimal("0.01"):
        lines.append(f"aum: {key[0]} {key[1]:%Y-%m} {deposit} is {row[deposit]}, expected {deposit_amount}")
    return lines


def _counts(months: dict[date, AumMonth], month: date) -> bool:
    """Whether trailing figures count the month."""
    return month in months and not months[month].is_partial


def _last_12(month: date) -> list[date]:
    return [add_months(month, -back) for back in range(12)]


def _quarter_start(month: date) -> date:
    return month_start(month).replace(month=(month.month - 1) // 3 * 3 + 1)


def tier_differences(warehouse: Warehouse | MemoryNights, expected: Expected) -> list[str]:
    """``fct_customer_tier_monthly`` against the reference."""
    published = _by_customer_month(warehouse.query("from customer_value.fct_customer_tier_monthly"))
    wanted = {(who, month): tier for who, months in expected.tiers.items() for month, tier in months.items()}
    lines = _keys("tier", published, wanted)
    for key in sorted(published.keys() & wanted.keys()):
        tier, brought = wanted[key], expected.factors[key[0]][key[1]]
        columns: Row = {
            "assessment_aum_amt": brought.aum,
            "tier_code": tier.tier_code,
            "below_months": tier.below_months,
            "lost_tier_code": tier.lost_tier_code,
            "is_history_complete": tier.is_history_complete,
            "card_spend_12m_amt": brought.card_spend,
            "mortgage_balance_amt": brought.mortgage,
            "credit_loan_balance_amt": brought.credit_loan,
            "has_diamond_card": brought.has_diamond,
        }
        if tier.deciding_factor is not None:
            columns |= {"deciding_factor_code": tier.deciding_factor, "status_code": tier.status_code}
        lines += _values("tier", key, published[key], columns)
    return lines


def status_differences(warehouse: Warehouse | MemoryNights, expected: Expected) -> list[str]:
    """``fct_customer_tier_status_monthly`` against the reference."""
    rows = warehouse.query("from customer_value.fct_customer_tier_status_monthly")
    published = {(row["customer_id"], row["month_start_date"], row["tier_code"]): row for row in rows}
    wanted = {
        (who, month, code): status
        for who, months in expected.tiers.items()
        for month, tier in months.items()
        for code, status in tier.statuses.items()
    }
    lines = [f"status: {key} is missing" for key in sorted(wanted.keys() - published.keys())]
    lines += [f"status: {key} is too many" for key in sorted(published.keys() - wanted.keys())]
    if len(rows) != len(published):
        lines.append("status: rows share a customer, tier and month")
    for who, month, code in sorted(published.keys() & wanted.keys()):
        row, status = published[who, month, code], wanted[who, month, code]
        columns = {
            "below_months": status.below_months,
            "status_code": status.status_code,
            "is_lost_event": status.is_lost_event,
        }
        lines += _values(f"status of {code}", (who, month), row, columns)
        holder = row["held_by_factor_code"]
        if (holder not in status.held_by) if status.held_by else (holder is not None):
            lines.append(
                f"status of {code}: {who} {month:%Y-%m} held by {holder}, expected {set(status.held_by)}"
            )
    return lines


def event_differences(warehouse: Warehouse | MemoryNights, expected: Expected) -> list[str]:
    """``fct_tier_event`` against the reference, by customer, month, event and cause."""
    rows = warehouse.query(
        "select customer_id, month_start_date, event_code, cause_code from customer_value.fct_tier_event"
    )
    published = {tuple(row.values()) for row in rows}
    wanted = {
        (who, month, *event)
        for who, months in expected.tiers.items()
        for month, tier in months.items()
        for event in tier.causes
    }
    lines = [f"event: {key} is missing" for key in sorted(wanted - published)]
    return lines + [f"event: {key} is too many" for key in sorted(published - wanted)]


def recorded_differences(warehouse: Warehouse | MemoryNights, expected: Expected) -> list[str]:
    """``fct_month_recorded`` against the reference."""
    records = records_of(expected.ledger)
    rows = warehouse.query("from customer_value.fct_month_recorded")
    published = {
        (row["month_start_date"], row["factor_code"]): (row["is_recorded"], row["is_judged"]) for row in rows
    }
    wanted, month = {}, month_start(records.start)
    while month <= expected.ledger.nights[-1].business_date:
        for factor in FACTORS:
            wanted[month, factor] = records.is_recorded(factor, month), records.is_judged(factor, month)
        month = add_months(month, 1)
    return [
        f"recorded: {key} is {published.get(key)}, expected {wanted.get(key)}"
        for key in sorted(published.keys() | wanted.keys())
        if published.get(key) != wanted.get(key)
    ]


def as_text(lines: list[str], limit: int = 40) -> str:
    """The first differences, for an assertion's message."""
    more = f"\n… and {len(lines) - limit} more" if len(lines) > limit else ""
    return f"{len(lines)} differences\n" + "\n".join(lines[:limit]) + more
