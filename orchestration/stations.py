"""One night, a station at a time, for a scheduler that calls the stations itself.

``acrm run`` goes through the same stations of :class:`orchestration.night.Run` in one call.
"""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from orchestration.errors import AcrmError, ExitCode
from orchestration.ingestion.lake import BatchReport
from orchestration.night import (
    STATIONS,
    OnEvent,
    Run,
    Station,
    available_batches,
    planned_nights,
    writer_lock,
)
from orchestration.plan import Night
from orchestration.settings import BatchId, Settings
from orchestration.standing import forget_standing
from orchestration.warehouse import begin_build, open_database

if TYPE_CHECKING:
    # Great Expectations takes seconds to import: only where a gate runs
    from expectations.results import GateResult


class NotItsTurnError(AcrmError):
    """The night asked for is not the one to run now."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True)
class Turn:
    """What has to run for the next release.

    Attributes:
        night: The night that ends in a release.
        replayed: Nights before it that run again without a release, because a batch came late or again.
    """

    night: Night
    replayed: tuple[Night, ...] = ()

    @property
    def key(self) -> str:
        """Tells this turn from every other: the same batch after another night is another turn."""
        causes = "".join(f" with {batch}" for batch in self.night.restated_by)
        return f"{self.night.batch} after {self.night.previous or 'nothing'}{causes}"


def turns(nights: Iterable[Night]) -> list[Turn]:
    """Cut nights, in their order, after each that ends in a release."""
    found = []
    replayed: list[Night] = []
    for night in nights:
        if night.is_published:
            found.append(Turn(night, tuple(replayed)))
            replayed = []
        else:
            replayed.append(night)
    return found


def waiting_turns(settings: Settings) -> list[Turn]:
    """What is waiting, first things first.

    Raises:
        BusyError: A run is writing.
    """
    with writer_lock(settings):
        return turns(planned_nights(settings))


def turn_of(settings: Settings, business_date: date) -> Turn:
    """The turn of one business date: the first that waits, or the newest night once more.

    Raises:
        NotItsTurnError: Another night has to run before it, or together with it.
    """
    waiting = turns(planned_nights(settings))
    if business_date not in {batch.business_date for batch in available_batches(settings)}:
        raise NotItsTurnError(f"{business_date}: no complete batch in {settings.landing}. Have it delivered.")
    turn = (waiting or turns(planned_nights(settings, again=business_date)))[0]
    if turn.night.batch.business_date == business_date:
        return turn
    if waiting:
        raise NotItsTurnError(
            f"{business_date} cannot run now: {turn.night.batch} has to run first. If its last run failed, "
            "mend what that run names."
        )
    raise NotItsTurnError(
        f"{business_date} is not the newest night, and all nights after it have to run again with it. "
        f"Run them by: acrm run --date {business_date}"
    )


class Stations:
    """The stations of one night.

    The writer's lock is held from the first station to :meth:`close`. A station runs only after the one
    before it let the night through in this very object: a night that was interrupted starts again from the
    front, which costs little, since a batch that is in the lake is not read again.
    """

    def __init__(
        self, settings: Settings, manifest: Mapping[str, Any], on_event: OnEvent | None = None
    ) -> None:
        self.settings = settings
        self._run = Run(settings, on_event, manifest)
        self._lock = ExitStack()
        self._turn: Turn | None = None
        self._report: BatchReport | None = None
        self._gates: list[GateResult] = []
        self._done: list[Station] = []

    @property
    def batch(self) -> BatchId | None:
        """The batch whose turn was taken."""
        return None if self._turn is None else self._turn.night.batch

    def close(self) -> None:
        """Let others write."""
        self._lock.close()

    def ingest(self, business_date: date) -> BatchReport:
        """Take the night's turn, replay what has to be replayed, and read the batch into the lake.

        Raises:
            BusyError: Another run is writing.
            NotItsTurnError: Another night has to run first.
            AcrmError: A night cannot be run.
        """
        if self._turn is None:
            with ExitStack() as lock:
                lock.enter_context(writer_lock(self.settings))
                self._turn = turn_of(self.settings, business_date)
                self._lock = lock.pop_all()
        for night in self._turn.replayed:
            self._run.night(night, is_last=False)
        self._report = self._run.ingest(self._turn.night)
        self._done = ["ingest"]
        return self._report

    def fit_to_load(self) -> "GateResult":
        """Gate 1.

        Raises:
            FaultError: The batch must not be loaded.
        """
        night = self._after("ingest")
        assert self._report is not None
        return self._through("gate 1", self._run.fit_to_load(night, self._report, []))

    def night_to_build(self) -> Night:
        """The night that dbt may build now, all of it: what `acrm run` noted as standing tells no longer."""
        night = self._after("gate 1")
        forget_standing(self.settings)
        with open_database(self.settings) as connection:
            begin_build(connection, night)
        return night

    def built(self) -> None:
        """Note that dbt has built and tested the models."""
        self._done.append("build")

    def fit_to_publish(self) -> "GateResult":
        """Gate 2.

        Raises:
            NotFitToPublishError: The marts must not be published.
        """
        return self._through("gate 2", self._run.fit_to_publish(self._after("build"), []))

    def publish(self) -> str:
        """Make the night the current release; returns its name."""
        from expectations.docs import write_data_docs

        night = self._after("gate 2")
        release = self._run.publish(night)
        self._run.complete(night)
        write_data_docs(self.settings, night.batch, self._gates)
        return release

    def _after(self, station: Station) -> Night:
        if self._turn is None or station not in self._done:
            raise NotItsTurnError(
                f"A night runs whole, in the order {', '.join(STATIONS)}; {station} has not let it through "
                "in this run. Start all assets of the business date again."
            )
        return self._turn.night

    def _through(self, station: Station, result: "GateResult") -> "GateResult":
        self._gates.append(result)
        self._done.append(station)
        return result
