"""What the report says of assets and events: what moved AUM, what was told, what went out."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from orchestration.bridge import PARTS
from orchestration.sql import Sql


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Part(_Frozen):
    """A part of the bank's bridge, from the opening of the month to the night."""

    part: str
    amount_amt: Decimal


class Event(_Frozen):
    """One of the largest events that the night told; it names no customer."""

    event_code: str
    name_zh: str
    org_id: str
    org_name: str
    amount_amt: Decimal


class Reminders(_Frozen):
    """Responses to events on one channel that went out, or were held back for one reason."""

    channel_code: str
    status_code: str
    reason_code: str | None
    response_cnt: int


class Assets(_Frozen):
    """Assets and events of a night; what a hand-made build database lacks is empty.

    Attributes:
        parts: Of the running month, up to the night.
        event_cnt: Events that the night told.
        largest: The ten largest of them.
    """

    parts: tuple[Part, ...] = ()
    event_cnt: int = 0
    largest: tuple[Event, ...] = ()
    reminders: tuple[Reminders, ...] = ()


Row = TypeVar("Row", bound=BaseModel)


class Rows(Protocol):
    """Rows of a query over the build database, as one kind; none where a table that it needs is missing."""

    def __call__(self, kind: type[Row], needs: str, sql: str, **parts: Sql) -> tuple[Row, ...]:
        """Run the query."""


class _Count(_Frozen):
    event_cnt: int


_EVENTS = "monitoring.fct_event"


def collect_assets(rows: Rows, names: Sql | None, day: dict[str, Sql]) -> Assets:
    """Read the figures of a night.

    Args:
        names: A query that gives ``org_id`` and ``org_name``; None if the batch has no orgs.
        day: The night's date, for the queries.
    """
    parts = rows(Part, "monitoring.agg_aum_bridge_monthly", _PARTS)
    counts = rows(_Count, _EVENTS, _EVENT_COUNT, **day)
    return Assets(
        parts=tuple(sorted(parts, key=lambda part: PARTS.index(part.part))),
        event_cnt=counts[0].event_cnt if counts else 0,
        largest=rows(Event, f"{_EVENTS} rules.event_types", _LARGEST, names=names, **day) if names else (),
        reminders=rows(Reminders, "monitoring.fct_event_response", _REMINDERS, **day),
    )


def moved_tonight(today: date, now: Sequence[Part], before: Sequence[Part], day: date) -> tuple[Part, ...]:
    """The parts of the night alone: what the month has more than on the night before; all of a new month's.

    Args:
        today: The night's date.
        before: Parts of the night before.
        day: That night's date.
    """
    earlier = (
        {part.part: part.amount_amt for part in before}
        if (today.year, today.month)
        == (
            day.year,
            day.month,
        )
        else {}
    )
    return tuple(
        part.model_copy(update={"amount_amt": part.amount_amt - earlier.get(part.part, Decimal(0))})
        for part in now
    )


_PARTS = f"""
    with bank as (
        select {", ".join(f"sum({part}) as {part}" for part in PARTS)}
        from build.monitoring.agg_aum_bridge_monthly
        where month_start_date = {{month}}
        having count(*) > 0
    )

    unpivot bank on {", ".join(PARTS)} into name part value amount_amt
"""  # noqa: S608 - columns of this file
_EVENT_COUNT = """
    select count(*) as event_cnt
    from build.monitoring.fct_event
    where knowledge_date = {day} and entry_type_code = 'event'
"""
_LARGEST = """
    select
        events.event_code, types.event_name_zh as name_zh, events.owning_org_id as org_id,
        coalesce(orgs.org_name, events.owning_org_id) as org_name, events.amount_amt
    from build.monitoring.fct_event as events
    inner join build.rules.event_types as types on events.event_code = types.event_code
    left join ({names}) as orgs on events.owning_org_id = orgs.org_id
    where events.knowledge_date = {day} and events.entry_type_code = 'event'
        and events.amount_amt is not null
    order by events.amount_amt desc, events.event_id
    limit 10
"""
_REMINDERS = """
    select channel_code, status_code, reason_code, count(*) as response_cnt
    from build.monitoring.fct_event_response
    where knowledge_date = {day}
    group by all order by all
"""
