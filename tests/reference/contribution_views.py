"""Views of the contribution ledger in plain Python: by customer, manager and cause of change."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from tests.reference.contribution_line import Line, cents, largest_remainder
from tests.support.bank import Bank
from tests.support.timeline import days, month_end


def by_customer(lines: Iterable[Line]) -> dict[tuple[str, date], dict[str, int]]:
    """Components by customer and month, joint accounts split by the ownership shares of the days."""
    found: dict[tuple[str, date], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in lines:
        for name, amount in line.components.items():
            for owner, part in largest_remainder(amount, line.owners(name)).items():
                found[owner, line.month][name] += part
    return found


def one_per_account(lines: Iterable[Line]) -> dict[tuple[str, str], Line]:
    """Lines of one month by account and product: orgs together."""
    found: dict[tuple[str, str], Line] = {}
    for line in lines:
        whole = found.setdefault(
            (line.account, line.product),
            Line(line.account, line.product, line.customer, "", line.source, line.month),
        )
        whole.average += line.average
        whole.components = {name: whole.components[name] + amount for name, amount in line.components.items()}
    return found


def held_weights(bank: Bank, customer: str, month: date) -> dict[tuple[str, str], int]:
    """Days of the month × participation in hundred thousandths by manager and org; the rest is UNASSIGNED."""
    weights: dict[tuple[str, str], int] = defaultdict(int)
    calendar = days(month, month_end(month))
    for row in bank.books.assignments:
        if row["customer_id"] == customer:
            held = sum(
                row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"])
                for day in calendar
            )
            weights[row["employee_id"], row["org_id"]] += held * int(row["participation"] * 100_000)
    rest = len(calendar) * 100_000 - sum(weights.values())
    return {key: weight for key, weight in ({**weights, ("UNASSIGNED", ""): rest}).items() if weight > 0}


def change(before: Mapping[Any, Line], now: Mapping[Any, Line]) -> dict[str, int]:
    """Volume, rate and new or closed of one customer's lines, by account; mix is the rest."""
    parts = dict.fromkeys(("volume", "rate", "new_closed"), 0)
    for key in {*before, *now}:
        old, new = before.get(key), now.get(key)
        if (old or new).source == "fee":  # type: ignore[union-attr]
            continue
        if old is None or new is None:
            parts["new_closed"] += (new.contribution if new else 0) - (old.contribution if old else 0)
            continue
        sum_0, sum_1 = (line.average * len(days(line.month, month_end(line.month))) for line in (old, new))
        nii_0, nii_1 = (line.components["deposit_nii"] + line.components["loan_nii"] for line in (old, new))
        if not sum_0 or abs(nii_0) > abs(sum_0):
            parts["volume"] += nii_1 - nii_0
            continue
        parts["volume"] += cents(Fraction((sum_1 - sum_0) * nii_0, 100 * sum_0))
        if sum_1 and abs(nii_1) <= abs(sum_1):
            parts["rate"] += cents(Fraction(sum_0 * nii_1, 100 * sum_1)) - nii_0
    return parts
