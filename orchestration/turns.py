"""Whose turn it is, for a scheduler that starts one night at a time.

Put here: which night may run now, and the lock around it. Keep out: what a station does (``night.py``).
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date

from orchestration.errors import BusyError
from orchestration.ingestion.lake import BatchReport
from orchestration.journal import Journal, to_stderr
from orchestration.lock import writer_at, writer_lock
from orchestration.night import NightRun, Run
from orchestration.plan import Night
from orchestration.settings import Settings
from orchestration.stations import BuildStep, NotItsTurnError, OnEvent, telling
from orchestration.waiting import available_batches, planned_nights, refused_batches, told_together
from orchestration.withdrawal import clear_withdrawn


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
    # looking takes no lock: a sensor that looks twice a minute must not keep a run from starting
    if (doing := writer_at(settings)) is not None:
        raise BusyError(f"{settings.home}: another run is writing ({doing}). Wait for it.")
    return turns(planned_nights(settings, is_writer=False))


def turn_of(settings: Settings, business_date: date) -> Turn:
    """The turn of one business date: the first that waits, or the newest night once more.

    Raises:
        NotItsTurnError: Another night has to run before it, or together with it.
        FaultError: The batch is one that no run takes.
    """
    waiting = turns(planned_nights(settings))
    refused = {b: e for b, e in refused_batches(settings).items() if b.business_date == business_date}
    if refused and business_date not in {turn.night.batch.business_date for turn in waiting}:
        raise told_together(refused)
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


class TurnRun:
    """One turn for a scheduler that calls the stations itself, in steps of one process.

    The writer's lock is held from :meth:`ingest` to :meth:`close`. The stations are those of the night's
    :class:`orchestration.night.NightRun`, which keeps their order.
    """

    def __init__(
        self,
        settings: Settings,
        build_step: BuildStep | None = None,
        on_event: OnEvent | None = None,
        say: Callable[[str], None] = to_stderr,
    ) -> None:
        self.settings = settings
        self._say = say
        self._build_step = build_step
        self._on_event = on_event
        self._lock = ExitStack()
        self._run: Run | None = None
        self._turn: Turn | None = None
        self._night: NightRun | None = None

    @property
    def night(self) -> NightRun:
        """The night whose turn was taken.

        Raises:
            NotItsTurnError: None was, in this run.
        """
        if self._night is None:
            raise NotItsTurnError(
                "A night runs whole, and begins with the batch. Start all assets of the business date."
            )
        return self._night

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
        if self._turn is None or self._run is None:
            with ExitStack() as lock:
                note = lock.enter_context(writer_lock(self.settings))
                journal = Journal(self.settings, "Dagster", self._say)
                self._run = Run(self.settings, telling(note, self._on_event), self._build_step, journal)
                with self._run.noted():
                    self._run.finish_publication()
                    clear_withdrawn(self.settings)
                    self._turn = turn_of(self.settings, business_date)
                self._lock = lock.pop_all()
        for night in self._turn.replayed:
            self._run.night(night).through(is_last=False)
        self._night = self._run.night(self._turn.night)
        return self._night.ingest()
