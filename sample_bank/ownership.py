"""Who looks after which customer: assignments with adjustments, recalls, leavers and a merger."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from sample_bank.columns import digits, ratios
from sample_bank.people import Customers, customer_ids
from sample_bank.rng import Ints
from sample_bank.timeline import NEVER, date_series
from sample_bank.wealth import CENTS
from sample_bank.world import MANAGERS_OF_RELATIONS, World

TEAMS = ((100_000,), (70_000, 30_000), (50_000, 30_000, 20_000), (33_334, 33_333, 33_333))
TEAM_SHARES = (0.70, 0.16, 0.08, 0.06)
NOTHING, ADJUST, RECALL, RECALL_AND_ASSIGN, NEW = range(5)
EVENT_SHARES = (0.82, 0.08, 0.04, 0.02, 0.04)
PAST_DAYS = 200
LATE_DAYS = 3
"""Days by which some new assignments are recorded late."""


@dataclass(frozen=True)
class Assignment:
    """One row of the assignment extract as recorded on a day."""

    serial: int
    customer: int
    employee: int
    outlet: int
    is_main: bool
    participation: int
    valid_from: int
    valid_to: int
    reason: str
    recorded: int
    op: str


@dataclass(frozen=True)
class _Plan:
    """What happens to one customer's assignments."""

    customer: int
    outlet: int
    team: int
    seat: int
    begins: int
    has_past: bool
    event: int
    event_day: int
    is_late: bool


class _Story:
    """The assignments of one customer, row version after row version."""

    def __init__(self, world: World, plan: _Plan) -> None:
        self._world, self._plan = world, plan
        self._current: list[Assignment] = []
        self._serial = 0
        self.versions: list[Assignment] = []

    def assign(self, day: int, seat: int, reason: str, *, recorded: int | None = None) -> None:
        """Open a row for every member of the team."""
        home, world = self._plan.outlet, self._world
        turned = (MANAGERS_OF_RELATIONS * 2)[seat % len(MANAGERS_OF_RELATIONS) :]
        here = [world.staff(home, place) for place in turned if world.is_here(world.staff(home, place), day)]
        for rank, share in enumerate(TEAMS[self._plan.team]):
            self._serial += 1
            row = Assignment(
                serial=self._serial,
                customer=self._plan.customer,
                employee=here[rank],
                outlet=world.outlet_at(home, day),
                is_main=rank == 0,
                participation=share,
                valid_from=day,
                valid_to=NEVER,
                reason=reason,
                recorded=day if recorded is None else recorded,
                op="I",
            )
            self._current.append(row)
            self.versions.append(row)

    def end(self, day: int, reason: str) -> None:
        """Close every open row."""
        for row in self._current:
            self.versions.append(replace(row, valid_to=day, reason=reason, recorded=day, op="U"))
        self._current = []

    @property
    def is_pending(self) -> bool:
        """Whether nobody looks after the customer."""
        return not self._current

    def has_leaver(self, day: int) -> bool:
        """Whether somebody of the team has left the bank."""
        return any(not self._world.is_here(row.employee, day) for row in self._current)

    def is_at(self, outlet: int) -> bool:
        """Whether the customer is assigned at an outlet."""
        return any(row.outlet == outlet for row in self._current)


def assignments_of(world: World, people: Customers) -> list[Assignment]:
    """Every version of every assignment row of a chunk, in the order they were recorded."""
    versions = [version for plan in _plans(world, people) for version in _play(world, plan)]
    return sorted(versions, key=lambda row: (row.recorded, row.customer, row.serial))


def _plans(world: World, people: Customers) -> Iterator[_Plan]:
    dice, habits, timeline = world.dice, world.profile.habits, world.timeline
    wants = (people.wealth >= int(habits.assigned_from * CENTS)) & ~people.is_fleeting
    wants &= dice.chance("assigned", habits.assigned, people.numbers)
    places = np.flatnonzero(wants)
    numbers, first = people.numbers[places], int(timeline.night_days[0])
    later = timeline.night_days[1:] if len(timeline.night_days) > 1 else timeline.night_days
    elsewhere = (people.home[places] + 1) % (world.outlets - 1)
    outlet = np.where(dice.chance("assigned-away", 0.1, numbers), elsewhere, people.home[places])
    begins = np.maximum(first - dice.between("assigned-since", 5, 700, numbers), people.opened[places])
    columns = (
        numbers,
        outlet,
        dice.pick("team", TEAM_SHARES, numbers),
        dice.integer("seat", len(MANAGERS_OF_RELATIONS), numbers),
        begins,
        dice.chance("assigned-before", 0.15, numbers) & (begins - PAST_DAYS >= people.opened[places]),
        dice.pick("assignment-event", EVENT_SHARES, numbers),
        later[dice.integer("assignment-night", len(later), numbers)],
        dice.chance("assigned-late", 0.2, numbers),
    )
    for values in zip(*(column.tolist() for column in columns), strict=True):
        yield _Plan(*values)


def _play(world: World, plan: _Plan) -> list[Assignment]:
    story = _Story(world, plan)
    begins = plan.begins
    if plan.event == NEW:
        begins = max(plan.event_day - LATE_DAYS * plan.is_late, begins)
        story.assign(begins, plan.seat, "assign", recorded=max(plan.event_day, begins))
    else:
        if plan.has_past:
            story.assign(begins - PAST_DAYS, plan.seat + 1, "assign")
            story.end(begins, "adjust")
        story.assign(begins, plan.seat, "assign")
    for day in world.timeline.night_days.tolist():
        if day > max(begins, plan.event_day if plan.event == NEW else 0):
            _act(world, plan, story, day)
    return story.versions


def _act(world: World, plan: _Plan, story: _Story, day: int) -> None:
    """What happens to the customer on one night: at most one thing."""
    if story.has_leaver(day):
        story.end(day, "recall")
    elif story.is_at(world.merged) and day >= world.timeline.merger_day:
        story.end(day, "adjust")
        story.assign(day, plan.seat, "adjust")
    elif day == plan.event_day and plan.event == ADJUST and not story.is_pending:
        story.end(day, "adjust")
        story.assign(day, plan.seat + 1, "adjust")
    elif day == plan.event_day and plan.event in (RECALL, RECALL_AND_ASSIGN):
        story.end(day, "recall")
    elif day > plan.event_day and plan.event == RECALL_AND_ASSIGN and story.is_pending:
        story.assign(day, plan.seat + 1, "assign")


def assignment_rows(world: World, rows: Sequence[Assignment]) -> pl.DataFrame:
    """The assignment extract of some row versions; the last version of a row in a batch counts."""
    last = list({(row.customer, row.serial): row for row in rows}.values())
    new = {(row.customer, row.serial) for row in rows if row.op == "I"}
    customers = np.array([row.customer for row in last], dtype=np.int64)
    minutes = world.dice.integer("recorded", 8 * 60, customers)
    stamps = np.array([row.recorded for row in last], dtype=np.int64) * 1440 + 9 * 60 + minutes
    serials = pl.Series([f"{row.serial:02d}" for row in last], dtype=pl.String)
    employees = np.array([row.employee for row in last], dtype=np.int64)
    return pl.DataFrame(
        {
            # not to be taken for an account number, which is made of the same digits
            "assignment_id": digits("assignment_id", customers + 1, 10, "A") + "-" + serials,
            "customer_id": customer_ids("customer_id", customers),
            "employee_id": digits("employee_id", employees + 1, 6, "E"),
            "org_id": world.org_ids("org_id", np.array([row.outlet for row in last], dtype=np.int64)),
            "role": pl.Series(["main" if row.is_main else "assistant" for row in last], dtype=pl.String),
            "participation": ratios(
                "participation", np.array([row.participation for row in last], dtype=np.int64)
            ),
            "valid_from": date_series("valid_from", np.array([r.valid_from for r in last], dtype=np.int64)),
            "valid_to": date_series("valid_to", np.array([r.valid_to for r in last], dtype=np.int64)),
            "change_reason": pl.Series([row.reason for row in last], dtype=pl.String),
            "recorded_at": minutes_series("recorded_at", stamps),
            "op": pl.Series(
                ["I" if (row.customer, row.serial) in new else "U" for row in last], dtype=pl.String
            ),
        }
    )


def minutes_series(name: str, minutes: Ints) -> pl.Series:
    """Minutes since 1970-01-01 00:00 as bank-local times; :data:`NEVER` days become null."""
    stamps = pl.Series(name, minutes)
    return (stamps.set(stamps >= NEVER * 1440, None) * 60_000_000).cast(pl.Datetime("us"))
