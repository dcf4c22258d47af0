"""What a night's stations are called, what they tell while they run, and what comes out of them.

Put here: the words of whoever starts or watches a night. Keep out: what a station does (``night.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from orchestration.dbt_results import OnNode
from orchestration.errors import AcrmError, ExitCode
from orchestration.plan import Closing, Night
from orchestration.settings import BatchId

Station = Literal["ingest", "gate 1", "build", "gate 2", "publish"]
STATIONS: tuple[Station, ...] = ("ingest", "gate 1", "build", "gate 2", "publish")


@dataclass(frozen=True)
class Event:
    """Progress of a run: a station begins, advances or ends.

    Attributes:
        detail: What it is at, or what came out of it; never a private value.
        seconds: Time the station took, once it has ended.
    """

    batch: BatchId
    station: Station
    detail: str = ""
    seconds: float | None = None


OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class NightResult:
    """What came out of a night.

    Attributes:
        release: Name of the release; None if the night was replayed without one.
        seconds: Time per station.
    """

    batch: BatchId
    release: str | None
    checks_declared: int
    checks_ran: int
    warnings: tuple[str, ...]
    seconds: dict[Station, float]


class BuildStep(Protocol):
    """What builds and tests the models of a night. For a bank it is dbt (``transform.py``)."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What dbt's manifest says of the models."""

    def build(self, night: Night, on_node: OnNode | None = None, *, closing: Closing | None = None) -> None:
        """Build and test all models of one night, or those that close a month before it.

        Raises:
            BuildError: A model failed, or a test did.
        """


class NotItsTurnError(AcrmError):
    """The night or the station asked for is not the one to run now."""

    exit_code = ExitCode.USAGE


def telling(note: Callable[[str], None], on_event: OnEvent | None) -> OnEvent:
    """Note each station in the writer's lock, for `acrm status`, and pass every event on."""

    def tell(event: Event) -> None:
        if not event.detail:
            note(f"at {event.batch}, {event.station}")
        if on_event is not None:
            on_event(event)

    return tell
