"""Files of customers and service by org and kind (6.6), from the extracts."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from contract.model import OP_COLUMN
from tests.reference.hostile.told import Row, Told, bank_day, rate, rounded
from tests.support.timeline import month_start

FIELDS = {
    "P": {
        "cert_no": "cert_no", "mobile": "mobile", "birth_date": "birth_date", "gender": "gender",
        "occupation": "occupation_code", "education": "education_code", "income_band": "income_band",
        "region": "region_code", "risk_level": "risk_level",
    },
    "C": {"cert_no": "cert_no", "industry": "industry_code", "region": "region_code"},
}  # fmt: skip
UNIQUE = ("cert_no", "mobile")


def unchanged_since(told: Told) -> dict[str, date]:
    """Night that told of each customer what still holds."""
    found: dict[str, tuple[date, Row]] = {}
    for night in told.nights:
        for row in night.tables["customer"].values():
            said = {name: value for name, value in row.items() if name != OP_COLUMN}
            if row["customer_id"] not in found or found[row["customer_id"]][1] != said:
                found[row["customer_id"]] = (night.day, said)
    return {customer: day for customer, (day, _) in found.items()}


def completeness(
    told: Told, orgs: Mapping[str, str], stale_days: int
) -> dict[tuple[str, str, str], dict[str, Any]]:
    """Rows of ``rpt_file_completeness`` by org, customer type and field, of customers who are not closed."""
    rows = [row for row in told.rows("customer", told.last) if row["status"] != "closed"]
    since = unchanged_since(told)
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for kind, fields in FIELDS.items():
        of_kind = [row for row in rows if row["customer_type"] == kind]
        for field, column in fields.items():
            shared = Counter(row[column] for row in of_kind if row[column])
            for row in of_kind:
                of = found.setdefault(
                    (orgs[row["customer_id"]], kind, field),
                    {"customer_cnt": 0, "filled_cnt": 0, "duplicate_cnt": 0, "stale_cnt": 0},
                )
                of["customer_cnt"] += 1
                of["stale_cnt"] += (told.last - since[row["customer_id"]]).days > stale_days
                of["filled_cnt"] += row[column] is not None
                of["duplicate_cnt"] += field in UNIQUE and shared[row[column]] > 1
    for of in found.values():
        of["filled_share"] = rate(of["filled_cnt"], of["customer_cnt"])
        of["stale_share"] = rate(of["stale_cnt"], of["customer_cnt"])
    return found


REPLY, SOLVED, AT_ONCE = timedelta(hours=2), timedelta(hours=24), timedelta(minutes=5)


def service_by_kind(
    told: Told, orgs: Mapping[tuple[str, date], str]
) -> dict[tuple[str, str, date], dict[str, Any]]:
    """Rows of ``rpt_service_monthly`` by org, kind of case and month.

    Args:
        orgs: Owning org by customer and month.
    """
    months: dict[str, date] = {}
    for place, night in enumerate(told.nights):
        for (number,), row in night.tables["service_case"].items():
            own = month_start(bank_day(row["opened_at"]))
            months.setdefault(number, own if place == 0 else max(own, month_start(night.day)))
    found: dict[tuple[str, str, date], dict[str, Any]] = {}
    for month, day in told.months():
        groups: dict[tuple[str, str], dict[str, list[Row]]] = defaultdict(lambda: {"own": [], "open": []})
        for row in told.rows("service_case", day):
            group = groups[orgs[row["customer_id"], month], row["case_type"]]
            if months[row["case_id"]] == month:
                group["own"].append(row)
            if row["closed_at"] is None or bank_day(row["closed_at"]) > day:
                group["open"].append(row)
        for (org, kind), of in groups.items():
            own, standing = of["own"], of["open"]
            if own or standing:
                found[org, kind, month] = _service(own, standing, day)
    return found


def _service(own: list[Row], standing: list[Row], day: date) -> dict[str, Any]:
    def within(column: str, limit: timedelta) -> int:
        return sum(
            row[column] is not None
            and datetime.fromisoformat(row[column]) - datetime.fromisoformat(row["opened_at"]) <= limit
            for row in own
        )

    marks = [row["score"] for row in own if row["score"] is not None]
    ages = [(day - bank_day(row["opened_at"])).days for row in standing]
    promoters, detractors = sum(one >= 9 for one in marks), sum(one <= 6 for one in marks)
    closed = sum(row["closed_at"] is not None and bank_day(row["closed_at"]) <= day for row in own)
    return {
        "case_cnt": len(own),
        "at_once_cnt": within("first_reply_at", AT_ONCE),
        "replied_in_time_cnt": within("first_reply_at", REPLY),
        "replied_in_time_rate": rate(within("first_reply_at", REPLY), len(own)),
        "solved_in_time_cnt": within("closed_at", SOLVED),
        "solved_in_time_rate": rate(within("closed_at", SOLVED), len(own)),
        "closed_cnt": closed,
        "closed_loop_rate": rate(closed, len(own)),
        "open_cnt": len(standing),
        "open_age_days": sum(ages),
        "oldest_open_days": max(ages, default=None),
        "csat_mean": rate(sum(marks), len(marks), 6) if marks else None,
        "nps": rounded(Fraction(100 * (promoters - detractors), len(marks))) if marks else None,
    }
