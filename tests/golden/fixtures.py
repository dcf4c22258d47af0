"""The golden cases as fixtures of dbt's unit tests, worked out by the brute-force reference.

``make written`` writes them anew; a test fails when they are out of date.
"""

import csv
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import partial
from io import StringIO
from pathlib import Path

from tests.golden.cases import CASES, Case
from tests.reference.rulebook import RANKS
from tests.reference.tiers import Month, TierMonth, assess
from tests.support.people import WAN
from tests.support.timeline import add_months

FOLDER = Path(__file__).parents[1] / "data" / "fixtures"
RULES = Path(__file__).parents[2] / "seeds" / "rules"
LAST = date(2026, 1, 1)
HISTORY_START = date(2015, 6, 1)


def _months(case: Case) -> dict[date, Month]:
    first = add_months(LAST, 1 - len(case.wan))
    months = {add_months(first, n): Month(WAN * wan) for n, wan in enumerate(map(Decimal, case.wan))}
    months[LAST] = Month(months[LAST].aum, mortgage=case.mortgage * WAN)
    return months


def _index(month: date) -> int:
    return month.year * 12 + month.month


def _story(case: Case) -> dict[date, TierMonth]:
    return assess(_months(case), opened_in_history=case.is_history_complete)


def customer_months() -> Iterable[dict[str, object]]:
    """What each customer is judged by, month by month."""
    for case in CASES:
        months = _months(case)
        for month, given in months.items():
            holds = given.mortgage >= 150 * WAN
            yield {
                "customer_id": case.name,
                "month_start_date": month,
                "month_index": _index(month),
                "rulebook_version": "documents-1",
                "first_month_date": min(months),
                "first_open_date": min(months) if case.is_history_complete else date(2010, 1, 1),
                "lost_report_months": 12,
                "owning_org_id": "0101",
                "assessment_aum_amt": given.aum,
                "card_spend_12m_amt": 0,
                "mortgage_balance_amt": given.mortgage,
                "credit_loan_balance_amt": 0,
                "has_diamond_card": False,
                "is_provisional": False,
                "factor_tier_rank": RANKS["platinum"] if holds else 0,
                "factor_code": "mortgage" if holds else None,
            }


def statuses() -> Iterable[dict[str, object]]:
    """k and status of every tier ever reached, month by month."""
    for case in CASES:
        lost_since: dict[str, date] = {}
        for month, judged in _story(case).items():
            for tier_code, status in judged.statuses.items():
                if status.is_lost_event:
                    lost_since[tier_code] = month
                is_lost = status.status_code == "lost"
                yield {
                    "customer_id": case.name,
                    "tier_code": tier_code,
                    "tier_rank": RANKS[tier_code],
                    "status_code": status.status_code,
                    "held_by_factor_code": next(iter(status.held_by), None),
                    "rulebook_version": "documents-1",
                    "month_start_date": month,
                    "lost_since_date": lost_since[tier_code] if is_lost else None,
                    "below_months": status.below_months,
                    "is_lost_event": status.is_lost_event,
                    "is_provisional": False,
                }


def tiers() -> Iterable[dict[str, object]]:
    """The tier held, month by month."""
    for case in CASES:
        for month, judged in _story(case).items():
            yield {
                "customer_id": case.name,
                "month_start_date": month,
                "tier_code": judged.tier_code,
                "status_code": judged.status_code or "normal",
                "deciding_factor_code": judged.deciding_factor or "aum",
                "lost_tier_code": judged.lost_tier_code,
                "below_months": judged.below_months,
                "is_history_complete": judged.is_history_complete,
            }


def open_months() -> Iterable[dict[str, object]]:
    """The months of the longest case."""
    for month in sorted({month for case in CASES for month in _months(case)}):
        yield {"month_start_date": month, "month_index": _index(month)}


def _rules(seed: str) -> Iterable[dict[str, object]]:
    """The documents' rules as the seed has them; dbt would read a seed's empty field as text."""
    with (RULES / f"{seed}.csv").open(encoding="utf-8", newline="") as lines:
        yield from (row for row in csv.DictReader(lines) if row["rulebook_version"] == "documents-1")


FIXTURES: dict[str, Callable[[], Iterable[dict[str, object]]]] = {
    "golden_tier_rules": partial(_rules, "tier_rules"),
    "golden_tier_status_rules": partial(_rules, "tier_status_rules"),
    "golden_customer_months": customer_months,
    "golden_statuses": statuses,
    "golden_tiers": tiers,
    "golden_open_months": open_months,
}


def rendered(name: str) -> str:
    """One fixture as CSV; an empty field is null."""
    rows = list(FIXTURES[name]())
    text = StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def main() -> None:
    """Write all fixtures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in FIXTURES:
        (FOLDER / f"{name}.csv").write_text(rendered(name), encoding="utf-8")


if __name__ == "__main__":
    main()
