"""The presets' golden cases, by the published SQL over the seeds as they are."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from orchestration.what_if.release import Release
from tests.golden.cases import CASES
from tests.golden.preset_cases import PRESET_CASES, PresetCase
from tests.reference.any_rulebook import Judged
from tests.reference.rulebook import WAN
from tests.reference.tiers import Month
from tests.support.timeline import add_months
from tests.support.what_if import memory_release

LAST = date(2026, 1, 1)
Key = tuple[str, str]


def _months(wan: tuple[str, ...], mortgage: int = 0) -> dict[date, Month]:
    first = 1 - len(wan)
    months = {add_months(LAST, first + n): Month(Decimal(amount) * WAN) for n, amount in enumerate(wan)}
    months[LAST] = Month(months[LAST].aum, mortgage=Decimal(mortgage * WAN))
    return months


@pytest.fixture(scope="module")
def judged() -> dict[Key, Judged]:
    """The last month of every case, by preset and name."""
    customers: dict[str, dict[str, dict[date, Month]]] = defaultdict(dict)
    for case in PRESET_CASES:
        customers[case.preset][case.name] = _months(case.wan)
    for golden in CASES:
        customers["documents"][golden.name] = _months(golden.wan, golden.mortgage)
    release = memory_release()
    found = {}
    for preset, lives in customers.items():
        rulebook = Release(release.connection).rulebook(preset)
        release.holds(lives, rulebook)
        for (name, month), tier in release.judged(rulebook).items():
            if month == LAST:
                found[preset, name] = tier
    return found


@pytest.mark.parametrize("case", PRESET_CASES, ids=str)
def test_preset_case(judged: dict[Key, Judged], case: PresetCase) -> None:
    assert judged[case.preset, case.name] == Judged(case.tier, case.status, "aum", case.k, case.lost)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_golden_case_by_the_what_if(judged: dict[Key, Judged], case) -> None:
    lost = case.lost[0] if case.lost else None
    assert judged["documents", case.name] == Judged(case.tier, case.status, case.factor, case.k, lost)
