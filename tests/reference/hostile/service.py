"""Service, new customers and income (6.4 to 6.6), from the extracts and the ledger of contribution."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from tests.reference.hostile.told import Row, Told, bank_day, rate
from tests.support.timeline import month_start

COMPONENTS = (
    "deposit_nii_amt", "loan_nii_amt", "fee_income_amt", "direct_cost_amt", "allocated_cost_amt",
    "expected_loss_amt",
)  # fmt: skip


def service(told: Told) -> dict[tuple[date], dict[str, Any]]:
    """Cases of all orgs and kinds by month; who is told of after their month counts in that of the night."""
    cases: dict[str, tuple[date, Row]] = {}
    for night in told.nights:
        for (number,), row in night.tables["service_case"].items():
            opened = bank_day(row["opened_at"])
            is_first = not cases or all(first == night.day for first, _ in cases.values())
            known = (
                cases[number][0]
                if number in cases
                else opened
                if is_first
                else max(opened, month_start(night.day))
            )
            cases[number] = (known, row)
    found = {}
    for month, day in told.months():
        rows = [row for known, row in cases.values() if month_start(known) == month]
        scored = [row["score"] for row in rows if row["score"] is not None]
        standing = [
            row
            for row in told.rows("service_case", day)
            if row["closed_at"] is None or bank_day(row["closed_at"]) > day
        ]
        ages = [(day - bank_day(row["opened_at"])).days for row in standing]
        promoters, detractors = sum(one >= 9 for one in scored), sum(one <= 6 for one in scored)
        found[(month,)] = {
            "case_cnt": len(rows),
            "open_cnt": len(standing),
            "open_age_days": sum(ages),
            "oldest_open_days": max(ages, default=None),
            "scored_cnt": len(scored),
            "score_sum": sum(scored),
            "promoter_cnt": promoters,
            "detractor_cnt": detractors,
        }
    return {month: of for month, of in found.items() if of["case_cnt"] or of["open_cnt"]}


def incomes(rows: Iterable[Row]) -> dict[tuple[str, date], dict[str, Any]]:
    """Rows of ``rpt_income_structure_monthly`` by org and month, from the ledger of accounts."""
    sums: dict[tuple[str, date], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        for name in COMPONENTS:
            sums[row["org_id"], row["month_start_date"]][name] += row[name]
    found = {}
    for key, of in sums.items():
        interest = of["deposit_nii_amt"] + of["loan_nii_amt"]
        income = interest + of["fee_income_amt"]
        found[key] = {name: of[name] for name in COMPONENTS} | {
            "net_interest_amt": interest,
            "income_amt": income,
            "fee_share": rate(of["fee_income_amt"], income),
            "contribution_amt": sum((of[name] for name in COMPONENTS), Decimal(0)),
        }
    return found
