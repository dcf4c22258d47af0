"""One night from station to station: ingest, gate 1, build, gate 2, publish.

Each station leaves a state from which the next run comes out right, wherever a run is killed: the lake's
marker is written last, the build database is set back before it is built on, a release is one rename.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from time import perf_counter, sleep
from typing import Any, Literal

import duckdb

from orchestration.confirmation import note_complete, repeated_release, show_confirmed
from orchestration.errors import BadBatchError, BusyError, Fault, NotFitToLoadError, NotFitToPublishError
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.lake import BatchReport, lake_batches, read_report
from orchestration.ingestion.landing import required_batches
from orchestration.plan import Night, Processed, highest_sequences, kept_states, nights_to_run
from orchestration.publication.catalog import read_catalog
from orchestration.publication.release import current_release
from orchestration.publication.rotation import require_same_key
from orchestration.rules import note_rulebook, require_same_rulebook
from orchestration.settings import BatchId, Settings, private_folder
from orchestration.transform import Transform
from orchestration.warehouse import (
    end_build,
    known_tables,
    open_database,
    prepare_night,
    transaction,
)

Station = Literal["ingest", "gate 1", "build", "gate 2", "publish"]
_LOCK_ATTEMPTS, _LOCK_PAUSE_SECONDS = 20, 0.1

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


@contextmanager
def writer_lock(settings: Settings) -> Iterator[None]:
    """Be the one writer of a warehouse.

    Raises:
        BusyError: Another process is.
    """
    private_folder(settings.home)
    with settings.lock.open("w") as lock:
        # a sensor's look at the warehouse takes moments: wait that long, not longer
        for attempt in range(_LOCK_ATTEMPTS):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if attempt + 1 == _LOCK_ATTEMPTS:
                    raise BusyError(
                        f"{settings.home}: another run is writing. Wait for it, or see `acrm status`."
                    ) from error
                sleep(_LOCK_PAUSE_SECONDS)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def available_batches(settings: Settings) -> list[BatchId]:
    """Complete batches in landing and lake, each once.

    Raises:
        BadBatchError: A delivery is in landing of which nobody can tell which batch it is.
    """
    return sorted({*required_batches(settings), *lake_batches(settings)})


def processed_nights(settings: Settings) -> list[Processed]:
    """Nights that the build database holds; none if it was thrown away."""
    if not settings.database.exists():
        return []
    with open_database(settings) as connection:
        try:
            rows = connection.execute(
                "select business_date, sequence, has_state from pipeline.night order by business_date"
            ).fetchall()
        except duckdb.CatalogException:
            return []
    return [Processed(BatchId(row[0], row[1]), row[2]) for row in rows]


def published_batches(settings: Settings) -> list[BatchId]:
    """Batches that the current release rests on; none before the first publication."""
    current = current_release(settings)
    catalog = None if current is None else read_catalog(current.folder)
    if catalog is None:
        return []
    return [BatchId(batch.business_date, batch.sequence) for batch in catalog.batches]


def planned_nights(
    settings: Settings, *, until: date | None = None, again: date | None = None
) -> list[Night]:
    """The nights that a run would take, in order; see :func:`run_waiting` for the arguments."""
    available = [
        batch for batch in available_batches(settings) if until is None or batch.business_date <= until
    ]
    return nights_to_run(available, processed_nights(settings), published_batches(settings), again)


def run_waiting(
    settings: Settings,
    *,
    on_event: OnEvent | None = None,
    until: date | None = None,
    again: date | None = None,
    rebuild: bool = False,
) -> list[NightResult]:
    """Run every night that is waiting, in order of business date.

    Args:
        until: Leave later business dates waiting.
        again: Run this business date once more, and all after it.
        rebuild: Throw the build database away first and run every night of the lake.

    Raises:
        AcrmError: A night cannot be run or published; the nights before it stand.
    """
    with writer_lock(settings):
        if rebuild:
            for path in settings.database.parent.glob(f"{settings.database.name}*"):
                path.unlink()
        nights = planned_nights(settings, until=until, again=again)
        if not nights:
            return []
        run = Run(settings, on_event)
        return [run.night(night, is_last=night is nights[-1]) for night in nights]


class Run:
    """Nights of one process: dbt is parsed once, Great Expectations is imported once."""

    def __init__(
        self,
        settings: Settings,
        on_event: OnEvent | None = None,
        manifest: Mapping[str, Any] | None = None,
    ) -> None:
        self._settings = settings
        self._on_event = on_event
        self._manifest = manifest
        self._transform: Transform | None = None

    @property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest that was given, else that of dbt's project as it is now."""
        return self.transform.manifest if self._manifest is None else self._manifest

    @property
    def transform(self) -> Transform:
        """dbt, parsed when it is first needed."""
        if self._transform is None:
            self._transform = Transform(self._settings)
        return self._transform

    def night(self, night: Night, *, is_last: bool = True) -> NightResult:
        """Run one night through all stations.

        Args:
            is_last: Whether the quality pages are written after it.
        """
        seconds: dict[Station, float] = {}
        warnings: list[str] = []
        with self._station("ingest", night, seconds):
            report = self.ingest(night)
        with self._station("gate 1", night, seconds):
            loaded = self.fit_to_load(night, report, warnings)
        with self._station("build", night, seconds):
            self.build(night)
        with self._station("gate 2", night, seconds):
            checked = self.fit_to_publish(night, warnings)
        release = None
        with self._station("publish", night, seconds):
            if night.is_published:
                release = self.publish(night)
            self.complete(night)
        if is_last:
            from expectations.docs import write_data_docs

            write_data_docs(self._settings, night.batch, [loaded, checked])
        return NightResult(
            night.batch,
            release,
            loaded.declared + checked.declared,
            loaded.ran + checked.ran,
            tuple(warnings),
            seconds,
        )

    def ingest(self, night: Night) -> BatchReport:
        """Read the batch into the lake, unless it is there already.

        Raises:
            ConfigurationError: The nights before were judged by another rulebook, or hashed by another key.
        """
        require_same_key(self._settings)
        if night.previous is not None:
            with open_database(self._settings) as connection:
                require_same_rulebook(self._settings, connection, night.previous)

        def on_table(table: str, rows: int) -> None:
            self._tell(Event(night.batch, "ingest", f"{table} · {rows:,} rows"))

        return ingest_batch(self._settings, night.batch, on_table)

    def fit_to_load(self, night: Night, report: BatchReport, warnings: list[str]) -> Any:  # noqa: ANN401
        """Gate 1: screen the rows, then check the batch.

        Raises:
            BadBatchError: A business day before has no batch.
            NotFitToLoadError: A blocking check failed.
        """
        from expectations.gate import fit_to_load
        from orchestration.ingestion.screening import screen_batch

        with open_database(self._settings) as connection:
            prepare_night(self._settings, connection, report, night.previous, known_tables(self.manifest))
            with transaction(connection):
                show_confirmed(
                    connection, self._settings, self.manifest, night.batch.business_date, night.restated_by
                )
            self._require_earlier_batches(connection, night)
            screening = screen_batch(self._settings, night.batch, connection)
            previous_report = self._previous_report(night)
            result = fit_to_load(connection, self._settings, night.batch, report, previous_report, screening)
        warnings.extend(result.warnings)
        if result.faults:
            raise NotFitToLoadError(result.faults)
        return result

    def build(self, night: Night) -> None:
        """Build and test the models with dbt."""

        def on_node(node: str, status: str) -> None:
            self._tell(Event(night.batch, "build", f"{node} · {status}"))

        self.transform.build(night, on_node)

    def fit_to_publish(self, night: Night, warnings: list[str]) -> Any:  # noqa: ANN401
        """Gate 2: check the marts.

        Raises:
            NotFitToPublishError: A blocking check failed.
        """
        from expectations.gate import fit_to_publish
        from expectations.suites.promises import promises

        result = fit_to_publish(
            self._settings,
            night.batch,
            list(night.restated_by),
            self._months_built(),
            promises(self.manifest),
        )
        warnings.extend(result.warnings)
        if result.faults:
            raise NotFitToPublishError(result.faults)
        return result

    def publish(self, night: Night) -> str:
        """Write a release and switch ``current`` to it; returns its name."""
        from orchestration.publication.marts import marts_from_manifest
        from orchestration.publication.publish import publish

        batches = [processed.batch for processed in processed_nights(self._settings)]
        counting = highest_sequences([*batches, night.batch])
        with open_database(self._settings) as connection:
            repeats = repeated_release(connection, night.batch.business_date)
        release = publish(
            self._settings,
            night.batch,
            marts_from_manifest(self.manifest),
            self._months_built(),
            [batch for batch in counting.values() if batch.business_date <= night.batch.business_date],
            repeats=repeats,
        )
        return release.name

    def complete(self, night: Night) -> None:
        """Note that the night is done, and drop the state that no replay will start from."""
        with open_database(self._settings) as connection:
            end_build(connection)
            connection.execute(
                "insert into pipeline.night values (?, ?, true)",
                [night.batch.business_date, night.batch.sequence],
            )
            note_rulebook(self._settings, connection, night.batch.business_date)
            dates = [
                row[0]
                for row in connection.execute(
                    "select business_date from pipeline.night where has_state"
                ).fetchall()
            ]
            # what no replay starts from goes when the next night is built
            connection.execute(
                "update pipeline.night set has_state = list_contains($keep, business_date)",
                {"keep": kept_states(dates)},
            )
            note_complete(connection, self._settings)

    def _months_built(self) -> list[date]:
        with open_database(self._settings) as connection:
            rows = connection.execute(
                "select month_start_date from intermediate.int_calendar__open_months order by 1"
            ).fetchall()
        return [row[0] for row in rows]

    def _previous_report(self, night: Night) -> BatchReport | None:
        if night.previous is None:
            return None
        counting = highest_sequences(lake_batches(self._settings))
        return read_report(self._settings, counting[night.previous])

    def _require_earlier_batches(self, connection: duckdb.DuckDBPyConnection, night: Night) -> None:
        if night.previous is None:
            return
        missing = connection.execute(
            "select calendar_date from lake.calendar where is_business_day and calendar_date > ?"
            " and calendar_date < ? order by 1",
            [night.previous, night.batch.business_date],
        ).fetchall()
        if missing:
            raise BadBatchError(
                [
                    Fault(
                        "earlier_batch_missing",
                        f"the calendar calls {day} a business day, and no batch of it is complete",
                        f"Deliver the batch of {day}, then run again; {night.batch} stays waiting",
                        table="calendar",
                    )
                    for (day,) in missing
                ]
            )

    @contextmanager
    def _station(self, station: Station, night: Night, seconds: dict[Station, float]) -> Iterator[None]:
        self._tell(Event(night.batch, station))
        started = perf_counter()
        yield
        seconds[station] = perf_counter() - started
        self._tell(Event(night.batch, station, "done", seconds[station]))

    def _tell(self, event: Event) -> None:
        if self._on_event is not None:
            self._on_event(event)
