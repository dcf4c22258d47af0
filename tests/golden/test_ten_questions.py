"""docs/ten-questions.md over the golden bank: each answer is what the specification's cases say."""

import re
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.golden.cases import CASES
from tests.golden.test_golden_cases import NIGHTS
from tests.support.models import PROJECT
from tests.support.people import WAN
from tests.support.timeline import add_months
from tests.support.warehouse import Warehouse

PAGE = PROJECT / "docs" / "ten-questions.md"
BY_NAME = {case.name: case for case in CASES}
ELDER = WAN * 1
"""An ordinary customer beside the cases."""

THRESHOLDS = {"platinum": 50 * WAN, "core": 1000 * WAN}
BANDS = {"0_1w": (0, 1), "1_5w": (1, 5), "5_20w": (5, 20), "20_100w": (20, 100), "100w_up": (100, 10**6)}

Row = tuple[object, ...]


def now(name: str) -> Decimal:
    """AUM of a case in the month that is closed, in yuan."""
    return Decimal(BY_NAME[name].wan[-1]) * WAN


def questions() -> dict[str, str]:
    text = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(r"^## (\d+)\. .*?^```sql\n(.*?)^```", text, re.M | re.S))


def by_org() -> list[Row]:
    total = sum(map(now, BY_NAME), ELDER)
    return [("O1", "机构 O1", total, total, len(CASES) + 1)]


def by_tier() -> list[Row]:
    held: dict[str, list[Decimal]] = defaultdict(list, {"ordinary": [ELDER]})
    for case in CASES:
        held[case.tier].append(now(case.name))
    rows = [(tier, len(amounts), sum(amounts)) for tier, amounts in held.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))


def of_one() -> list[Row]:
    wan = BY_NAME["G3"].wan
    last = NIGHTS[0].replace(day=1)
    return [(add_months(last, n + 1 - len(wan)), Decimal(amount) * WAN) for n, amount in enumerate(wan)]


def why() -> list[Row]:
    # 20 万 and more are gold; 0.01 万 are missing to platinum
    return [("gold", "aum", now("G2"), 20 * WAN, "platinum", THRESHOLDS["platinum"] - now("G2"))]


def about_to_lose() -> list[Row]:
    rows = [
        (case.name, case.tier, case.k, THRESHOLDS[case.tier] - now(case.name))
        for case in CASES
        if case.status == "attention"
    ]
    return sorted(rows, key=lambda row: (-row[2], row[3], row[0]))


def lost() -> list[Row]:
    return sorted((case.name, tier) for case in CASES for tier in case.lost)


def migrated() -> list[Row]:
    """Who has lost the highest tier went from it; who is in the first month came from nowhere."""
    ways: dict[tuple[str, str], int] = defaultdict(int)
    order = ["potential", "gold", "platinum", "growth", "core"]
    for case in CASES:
        if len(case.wan) == 1:
            ways["new", case.tier] += 1
        elif case.lost:
            ways[max(case.lost, key=order.index), case.tier] += 1
    return sorted((*way, count) for way, count in ways.items())


def spread() -> list[Row]:
    amounts = [ELDER, *map(now, BY_NAME)]
    rows = []
    for band, (low, high) in BANDS.items():
        inside = [amount for amount in amounts if low * WAN <= amount < high * WAN]
        rows.append((band, len(inside), sum(inside, Decimal(0))))
    return rows


def largest() -> list[Row]:
    return sorted(((name, now(name)) for name in BY_NAME), key=lambda row: (-row[1], row[0]))[:3]


def as_of() -> list[Row]:
    return [(NIGHTS[-1], 0)]


ANSWERS: list[Callable[[], list[Row]]] = [
    by_org, by_tier, of_one, why, about_to_lose, lost, migrated, spread, largest, as_of
]  # fmt: skip


@pytest.mark.parametrize(("number", "answer"), enumerate(ANSWERS, 1))
def test_the_answer_is_what_the_cases_say(
    golden_warehouse: Warehouse, number: int, answer: Callable[[], list[Row]]
):
    rows = golden_warehouse.query(questions()[str(number)])

    assert [tuple(row.values()) for row in rows] == answer()


def test_there_are_ten():
    assert len(questions()) == len(ANSWERS) == 10
