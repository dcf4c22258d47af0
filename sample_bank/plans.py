"""Plans of the bank, its organisations and its managers, for the year of the last night.

Outlets' targets add to those of their sub-branches and these to the branches; those fall short
of the bank's by :data:`SHORT`. On the second night the bank raises one of its targets: a second version.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from sample_bank.columns import PPM
from sample_bank.delivery import cents_text
from sample_bank.timeline import Timeline
from sample_bank.wealth import CENTS
from sample_bank.world import MANAGERS_OF_RELATIONS, World

BANK = "bank"
SHORT = 50_000
"""Share of the bank's target that no branch has, millionths."""
RAISED, RAISED_BY = "aum_end", 100_000
FLOWS = {"sales_amount": 400_000, "new_customers": 300, "visits": 1_200, "fee_income": 60_000}
BALANCES = {"aum_end": 90_000_000, "deposit_month_avg": 50_000_000, "loan_balance": 40_000_000}
"""What an outlet of middling size is to reach in a year: yuan, customers or visits."""
OF_MANAGERS = ("sales_amount", "visits")
PARTS = 12 * len(MANAGERS_OF_RELATIONS) * CENTS
"""Targets of outlets are divided by months and managers without a rest, in cents."""
SPREAD = (60, 140)
"""Least and greatest target of an outlet, in hundredths of the middling one."""


@dataclass(frozen=True)
class Plan:
    """A year's target, cents."""

    scope: str
    scope_id: str
    parent: tuple[str, str] | None
    indicator: str
    version: int
    cents: int


def plans_of(world: World) -> list[Plan]:
    """All targets of the first version."""
    found: list[Plan] = []
    for number, (indicator, middling) in enumerate({**FLOWS, **BALANCES}.items()):
        outlets = [_of_outlet(world, middling, outlet, number) for outlet in range(world.outlets)]
        subs = _sums(outlets, 4)
        branches = _sums(subs, 5)
        bank = sum(branches) * PPM // (PPM - SHORT)
        found.append(Plan(BANK, BANK, None, indicator, 1, bank))
        found += [
            Plan("org", f"{100 + b:05d}", (BANK, BANK), indicator, 1, cents)
            for b, cents in enumerate(branches)
        ]
        found += [
            Plan("org", f"{500 + s:05d}", ("org", f"{100 + s // 5:05d}"), indicator, 1, cents)
            for s, cents in enumerate(subs)
        ]
        for outlet, cents in enumerate(outlets):
            parent = ("org", f"{500 + outlet // 4:05d}")
            found.append(Plan("org", world.outlet_id(outlet), parent, indicator, 1, cents))
            if indicator in OF_MANAGERS:
                found += _managers(world, outlet, indicator, cents)
    return found


def _of_outlet(world: World, middling: int, outlet: int, number: int) -> int:
    percent = SPREAD[0] + world.dice.one("plan", SPREAD[1] - SPREAD[0] + 1, outlet, number)
    return middling * percent // PARTS * PARTS


def _sums(cents: list[int], size: int) -> list[int]:
    return [sum(cents[first : first + size]) for first in range(0, len(cents), size)]


def _managers(world: World, outlet: int, indicator: str, cents: int) -> Iterator[Plan]:
    """A quarter of the outlet's target for each manager; the last one takes what is left."""
    share, count = cents // len(MANAGERS_OF_RELATIONS), len(MANAGERS_OF_RELATIONS)
    for turn, place in enumerate(MANAGERS_OF_RELATIONS):
        own = cents - share * (count - 1) if turn == count - 1 else share
        employee = world.employee_id(world.staff(outlet, place))
        yield Plan("employee", employee, ("org", world.outlet_id(outlet)), indicator, 1, own)


def raised(plan: Plan) -> Plan:
    """The second version of a target."""
    cents = plan.cents + plan.cents * RAISED_BY // PPM
    return Plan(plan.scope, plan.scope_id, plan.parent, plan.indicator, 2, cents)


def periods(plan: Plan, year: int) -> Iterator[tuple[str, int]]:
    """Year, halves, quarters and months with their targets: flows are split, balances stand in each.

    The last month takes what the division leaves, so months add to quarters, halves and the year.
    """
    is_flow = plan.indicator in FLOWS
    month = plan.cents // 12

    def target(first: int, last: int) -> int:
        if not is_flow:
            return plan.cents
        return month * (last - first + 1) + (plan.cents - 12 * month if last == 12 else 0)

    yield f"{year}", target(1, 12)
    for half in (1, 2):
        yield f"{year}H{half}", target(6 * half - 5, 6 * half)
    for quarter in range(1, 5):
        yield f"{year}Q{quarter}", target(3 * quarter - 2, 3 * quarter)
    for number in range(1, 13):
        yield f"{year}-{number:02d}", target(number, number)


def plan_rows(world: World, timeline: Timeline, night: int) -> pl.DataFrame:
    """The plan_target extract of a night: all plans on the first, what was raised on the second."""
    year = timeline.nights[-1].year
    told = plans_of(world) if night == 0 else []
    if night == 1:
        told = [raised(plan) for plan in plans_of(world) if plan.scope == BANK and plan.indicator == RAISED]
    rows = [
        (plan.scope, plan.scope_id, plan.indicator, period, plan.version, cents_text(cents))
        for plan in told
        for period, cents in periods(plan, year)
    ]
    schema = {
        "scope_type": pl.String(), "scope_id": pl.String(), "indicator_code": pl.String(),
        "period": pl.String(), "version": pl.Int32(), "target_value": pl.String(),
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("target_value").cast(pl.Decimal(18, 2)))


def plan_answers(world: World, timeline: Timeline) -> pl.DataFrame:
    """Target in force on the last night, what the level below adds to, and the gap, by scope and period."""
    year, is_raised = timeline.nights[-1].year, len(timeline.nights) > 1
    plans = [
        raised(plan) if is_raised and plan.scope == BANK and plan.indicator == RAISED else plan
        for plan in plans_of(world)
    ]
    below: dict[tuple[str, str, str, str, str], int] = {}
    for plan in plans:
        if plan.parent:
            for period, cents in periods(plan, year):
                key = (*plan.parent, plan.scope, plan.indicator, period)
                below[key] = below.get(key, 0) + cents
    rows = []
    for plan in plans:
        for period, cents in periods(plan, year):
            for level in ("org", "employee"):
                children = below.get((plan.scope, plan.scope_id, level, plan.indicator, period))
                if children is not None:
                    rows.append(
                        (plan.scope, plan.scope_id, level, plan.indicator, period, plan.version,
                         cents_text(cents), cents_text(children), cents_text(cents - children))
                    )  # fmt: skip
    names = ("scope_type_code", "scope_id", "below_code", "indicator_code", "period_code")
    amounts = ("target_value", "below_target_value", "gap_value")
    schema = dict.fromkeys(names, pl.String()) | {"version": pl.Int32()} | dict.fromkeys(amounts, pl.String())
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col(*amounts).cast(pl.Decimal(18, 2))).sort(*names)
