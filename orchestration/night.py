"""One night from station to station: ingest, gate 1, build, gate 2, publish.

There is one sequence, :class:`NightRun`, whoever starts it: the command line calls it whole, Dagster a
station at a time, a test with a build step of its own. Each station leaves a state from which the next run
comes out right, wherever a run is killed: the lake's marker is written last, the build database is set back
before it is built on, a release is one rename.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from time import perf_counter
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.check_rules import rules_of
from orchestration.closing import closed_months
from orchestration.confirmation import note_complete, repeated_release, show_confirmed
from orchestration.dbt_results import NodeResult
from orchestration.erasure.terms import drop_expired
from orchestration.errors import (
    BuildError,
    ConfigurationError,
    FaultError,
    NotFitToLoadError,
    NotFitToPublishError,
)
from orchestration.failures import is_placed, place
from orchestration.finishing import note_publishing, show_unfinished, unfinished_publication
from orchestration.ingestion.ingest import ingest_batch
from orchestration.ingestion.lake import BatchReport, forget_withdrawn
from orchestration.ingestion.refusals import forget_refusal
from orchestration.interrupts import is_interrupt, raise_if_interrupted
from orchestration.journal import Journal, entries
from orchestration.judging import judge_batch
from orchestration.lock import writer_lock
from orchestration.merges import note_published, restated_from, show_restated, take_back_nights
from orchestration.month_ends import close_months
from orchestration.plan import Closing, Night, highest_sequences, kept_states
from orchestration.project import extract_tables
from orchestration.publication.quality import gates_passed
from orchestration.publication.rotation import require_own_key, require_same_key
from orchestration.refusing import counted_batches, is_set_aside, set_aside, take_out_refused
from orchestration.releases.on_disk import current_release
from orchestration.rules import note_rulebook, require_same_rulebook
from orchestration.settings import BatchId, Settings
from orchestration.stations import (
    STATIONS,
    BuildStep,
    Event,
    NightResult,
    NotItsTurnError,
    OnEvent,
    Station,
    telling,
)
from orchestration.transform import Transform
from orchestration.waiting import forget_noted_nights, note_nights, planned_nights, processed_nights
from orchestration.warehouse import (
    end_build,
    forget_publishing,
    known_tables,
    open_database,
    prepare_night,
    transaction,
)
from orchestration.withdrawal import clear_withdrawn

if TYPE_CHECKING:
    # Great Expectations takes seconds to import: only where a gate runs
    from expectations.results import CheckResult, GateResult


def run_waiting(
    settings: Settings,
    *,
    on_event: OnEvent | None = None,
    until: date | None = None,
    again: date | None = None,
    rebuild: bool = False,
    build_step: "BuildStep | None" = None,
) -> list[NightResult]:
    """Run every night that is waiting, in order of business date.

    Args:
        until: Leave later business dates waiting.
        again: Run this business date once more, and all after it.
        rebuild: Throw the build database away first and run every night of the lake.
        build_step: What builds the models; dbt if it is not given.

    A correction or late batch that is refused is left aside and the others go on without it; it is among
    :func:`orchestration.waiting.refused_batches` then, and whoever calls this tells of them.

    Raises:
        AcrmError: A night cannot be run or published; the nights before it stand.
    """
    with writer_lock(settings) as note:
        if rebuild:
            for path in settings.database.parent.glob(f"{settings.database.name}*"):
                path.unlink()
        run = Run(settings, telling(note, on_event), build_step)
        with run.noted():
            finished = run.finish_publication()
            done = [] if finished is None else [finished]
            clear_withdrawn(settings)
            take_back_nights(settings)
            nights = planned_nights(settings, until=until, again=again)
            while nights:
                try:
                    done.append(run.night(nights[0]).through(is_last=len(nights) == 1))
                    nights = nights[1:]
                except FaultError:
                    if not is_set_aside(settings, nights[0].batch):
                        raise
                    nights = planned_nights(settings, until=until)
            return done


class Run:
    """The nights of one process. They share the build step, so that dbt parses the project once."""

    def __init__(
        self,
        settings: Settings,
        on_event: OnEvent | None = None,
        build_step: BuildStep | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.settings = settings
        self.on_event = on_event
        self.journal = journal or Journal(settings)
        self._build_step = build_step

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note a failure that comes before any night; a night notes its own, and to wait is none."""
        try:
            yield
        except Exception as error:
            if not is_placed(error) and not isinstance(error, NotItsTurnError):
                self.journal.failed(error)
            raise

    @property
    def build_step(self) -> BuildStep:
        """What was given, else dbt, which is imported and parses when it is first needed."""
        if self._build_step is None:
            self._build_step = Transform(self.settings)
        return self._build_step

    def finish_publication(self) -> NightResult | None:
        """Note as done the night whose release was whole when the run before was cut short."""
        unfinished = unfinished_publication(self.settings)
        if unfinished is None:
            return None
        night, release = unfinished
        show_unfinished(self.settings, release)
        with rules_of(night.batch.business_date):
            checked, warnings = gates_passed(release.folder)
        if not any(entry.release == release.name for entry in entries(self.settings)):
            self.journal.published(night.batch, release.name, checked, warnings)
        self.night(night).complete()
        return NightResult(
            night.batch, release.name, checked, checked, warnings, dict.fromkeys(STATIONS, 0.0)
        )

    def night(self, night: Night) -> "NightRun":
        """One night, before its first station."""
        return NightRun(self, night)


class NightRun:
    """One night on its way through the stations.

    A station runs only after the one before it let the night through in this very object: a night that was
    interrupted starts again from the front, which costs little, since a batch in the lake is not read again.

    Attributes:
        nodes: What dbt has built and tested so far.
        gates: Results of the gates passed.
        seconds: Time of each station passed.
    """

    def __init__(self, run: Run, night: Night) -> None:
        self.night = night
        self.nodes: list[NodeResult] = []
        self.gates: list[GateResult] = []
        self.seconds: dict[Station, float] = {}
        self._run = run
        self._settings = run.settings
        self._report: BatchReport | None = None
        self._closed: list[CheckResult] = []
        self._left: list[str] = []

    @property
    def batch(self) -> BatchId:
        """The night's batch."""
        return self.night.batch

    def through(self, *, is_last: bool = True) -> NightResult:
        """Run all stations, one after the other.

        Args:
            is_last: Whether the quality pages are written after it.
        """
        self.ingest()
        self.fit_to_load()
        self.build()
        self.fit_to_publish()
        release = self.publish(is_last=is_last)
        return NightResult(
            self.batch,
            release,
            sum(gate.declared for gate in self.gates),
            sum(gate.ran for gate in self.gates),
            self.warnings,
            self.seconds,
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What somebody should look at although the night went through, a line each."""
        return (*(warning for gate in self.gates for warning in gate.warnings), *self._left)

    def _note_done(self, release: str | None) -> None:
        if release is None:
            self._run.journal.replayed(self.batch)
        else:
            checks = sum(gate.ran for gate in self.gates)
            self._run.journal.published(self.batch, release, checks, self.warnings)

    def ingest(self) -> BatchReport:
        """Read the batch into the lake, unless it is there already.

        Raises:
            ConfigurationError: The nights before were judged by another rulebook, or hashed by another key.
            BadBatchError: The delivery cannot be read as the contract says.
        """

        def on_table(table: str, rows: int) -> None:
            self._tell("ingest", f"{table} · {rows:,} rows")

        with self._station("ingest"):
            require_same_key(self._settings)
            require_own_key(self._settings, self.batch)
            if self.night.previous is not None:
                with open_database(self._settings) as connection:
                    require_same_rulebook(self._settings, connection, self.night.previous)
            with self._refusable():
                is_built = self.batch in counted_batches(self._settings)
                self._report = ingest_batch(self._settings, self.batch, on_table, is_built=is_built)
        return self._report

    @contextmanager
    def _refusable(self) -> Iterator[None]:
        try:
            yield
        except FaultError as refusal:
            raise_if_interrupted()
            set_aside(self._settings, self.batch, refusal)
            raise

    def fit_to_load(self) -> "GateResult":
        """Gate 1: screen the rows, then check the batch.

        Raises:
            BadBatchError: A business day before has no batch.
            NotFitToLoadError: A blocking check failed.
        """
        with self._station("gate 1"):
            night, report = self.night, self._report
            assert report is not None, "the batch is in the lake"
            manifest = self._run.build_step.manifest
            counted = counted_batches(self._settings)
            with self._refusable(), open_database(self._settings) as connection:
                known = known_tables(manifest)
                prepare_night(self._settings, connection, report, night.previous, known)
                show_restated(connection, self._settings)
                with transaction(connection):
                    show_confirmed(
                        connection,
                        self._settings,
                        manifest,
                        night.batch.business_date,
                        night.restated_by,
                        restated_from(connection, self._settings),
                    )
                result = judge_batch(self._settings, connection, night, report)
                if result.faults:
                    take_out_refused(self._settings, connection, night.batch, counted)
                    raise NotFitToLoadError(result.faults)
            forget_refusal(self._settings, night.batch)
        self.gates.append(result)
        return result

    def build(self) -> None:
        """Build and test the models, after the months that the batch closes.

        Raises:
            BuildError: A model failed, or a test did.
        """

        def on_node(node: NodeResult) -> None:
            self.nodes.append(node)
            self._tell("build", f"{node.name} · {node.status}")

        with self._station("build"):
            forget_noted_nights(self._settings)
            close_months(self._settings, self.night, self._close)
            self._run.build_step.build(self.night, on_node)

    def _close(self, closing: Closing) -> None:
        from expectations.gate import fit_to_close

        nodes: list[NodeResult] = []

        def on_node(node: NodeResult) -> None:
            nodes.append(node)
            self._tell("build", f"{closing.day} · {node.name} · {node.status}")

        try:
            self._run.build_step.build(self.night, on_node, closing=closing)
        except BuildError:
            # what the night has built is what this has built
            self.nodes += nodes
            raise
        self._closed += fit_to_close(self._settings, closing.day)

    def fit_to_publish(self) -> "GateResult":
        """Gate 2: check the marts.

        Raises:
            NotFitToPublishError: A blocking check failed.
        """
        with self._station("gate 2"):
            from expectations.gate import fit_to_publish
            from expectations.suites.promises import promises

            result = fit_to_publish(
                self._settings,
                self.batch,
                list(self.night.restated_by),
                months_built(self._settings),
                promises(self._run.build_step.manifest),
                self._closed,
                extract_tables(self._run.build_step.manifest),
            )
            if result.faults:
                raise NotFitToPublishError(result.faults)
        self.gates.append(result)
        return result

    def publish(self, *, is_last: bool = True) -> str | None:
        """Make the night the current release and note that it is done.

        Args:
            is_last: Whether the quality pages are written after it, and what is past its term is dropped.

        Returns:
            Name of the release; None if the night is replayed without one.
        """
        with self._station("publish"):
            release = None
            if self.night.is_published:
                note_publishing(self._settings, self.night)
                release = make_release(self._settings, self.night, self._run.build_step.manifest)
            if is_last:
                self._left = [
                    f"Past its term, and still there: {line}."
                    for line in drop_expired(self._settings, self.batch.business_date)
                ]
            # before the night is done: after a kill in between, the next run finds that it is noted
            self._note_done(release)
            self.complete()
        if is_last:
            from expectations.docs import write_data_docs

            write_data_docs(self._settings, self.batch, self.gates)
        return release

    def complete(self) -> None:
        """Note that the night is done, and drop the state that no replay will start from."""
        batch = self.batch
        with open_database(self._settings) as connection, transaction(connection):
            end_build(connection)
            forget_publishing(connection)
            connection.execute(
                "insert into pipeline.night values (?, ?, true)", [batch.business_date, batch.sequence]
            )
            note_rulebook(self._settings, connection, batch.business_date)
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
            if self.night.is_published:
                note_published(connection, self._settings)
        note_nights(self._settings)
        if self.night.is_published:
            forget_withdrawn(self._settings)

    @contextmanager
    def _station(self, station: Station) -> Iterator[None]:
        """Let the night into a station whose turn it is; it is through if nothing is raised inside."""
        passed = len(self.seconds)
        if STATIONS[:passed] != STATIONS[: STATIONS.index(station)]:
            raise NotItsTurnError(
                f"A night runs whole, in the order {', '.join(STATIONS)}; {station} is not next in this run. "
                "Start all assets of the business date again."
            )
        released = current_release(self._settings)
        try:
            raise_if_interrupted()
            # whoever is told of the station may end it from then on
            self._tell(station)
            started = perf_counter()
            with rules_of(self.batch.business_date):
                yield
        except BaseException as error:
            if is_interrupt(error):
                now = current_release(self._settings)
                done = f"{now.name} is published" if now and now != released else "nothing of it is published"
                place(error, f"{station} of {self.batch}; {done}")
                self._run.journal.failed(error, self.batch, station)
                raise
            failure = self._of_memory(error, station)
            place(failure, f"{self.batch}, {station}")
            self._run.journal.failed(failure, self.batch, station)
            if failure is error:
                raise
            raise failure from error
        self.seconds[station] = perf_counter() - started
        self._tell(station, "done", self.seconds[station])

    def _of_memory(self, error: BaseException, station: Station) -> BaseException:
        if not isinstance(error, duckdb.OutOfMemoryException):
            return error
        return ConfigurationError(
            f"{self.batch}, {station}: memory_limit, {self._settings.bank.memory_limit}, is not enough. "
            f"Raise it in {self._settings.home / 'bank.yml'}, then run again."
        )

    def _tell(self, station: Station, detail: str = "", seconds: float | None = None) -> None:
        if self._run.on_event is not None:
            self._run.on_event(Event(self.batch, station, detail, seconds))


def make_release(settings: Settings, night: Night, manifest: Mapping[str, Any]) -> str:
    """Write a release of what is built and switch ``current`` to it; returns its name."""
    from orchestration.publication.publish import publish
    from orchestration.releases.marts import marts_from_manifest

    batches = [processed.batch for processed in processed_nights(settings)]
    counting = highest_sequences([*batches, night.batch])
    with open_database(settings) as connection:
        repeats = repeated_release(connection, night.batch.business_date)
    release = publish(
        settings,
        night.batch,
        marts_from_manifest(manifest),
        months_built(settings),
        [batch for batch in counting.values() if batch.business_date <= night.batch.business_date],
        repeats=repeats,
    )
    return release.name


def months_built(settings: Settings) -> list[date]:
    """First days of the months that the last build has computed."""
    with open_database(settings) as connection:
        rows = connection.execute(
            "select month_start_date from intermediate.int_calendar__open_months order by 1"
        ).fetchall()
        return [*closed_months(connection), *(row[0] for row in rows)]
