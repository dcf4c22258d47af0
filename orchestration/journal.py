"""``runs/log.jsonl``: what became of each night, and the notices that say so. Entries are only ever added.

Put here: what is noted of a night, whoever runs it, and what is told then. Keep out: the ways of telling
(``notices``), and what ``acrm status`` makes of it (``overview.py``).
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.errors import BadBatchError, BusyError, Fault, FaultError
from orchestration.failures import told
from orchestration.ingestion.landing import landing_folder
from orchestration.ingestion.manifest import MANIFEST, file_digest
from orchestration.notices.hooks import Kind
from orchestration.notices.notice import Notice, one_line
from orchestration.settings import BatchId, Settings, append_line

Starter = Literal["command line", "Dagster"]

_TOLD_AGAIN = timedelta(hours=20)
"""The same line about the same night is told once in that time: a schedule may try every few minutes."""

_TRIED_AGAIN = timedelta(minutes=10)
"""So long after a notice that nobody took: a receiver that is down must not hold up every run."""

_MOST_LINES = 50


class Entry(BaseModel):
    """What became of a night once; of a run that ended before any night; or that a day is late.

    Attributes:
        did: ``left_aside`` is of a batch that no run takes, ``replayed`` of a night without a release;
            ``told`` stands in the log alone: somebody took the notice of the entry of that time.
        manifest_sha256: The delivery, as it lay in landing.
        by: Who ran the night.
        lines: What the console shows.
        is_tried: Whether notices of it were sent.
        is_told: Whether somebody took them; also where the bank has named nobody who wants them.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    did: Literal["published", "replayed", "failed", "left_aside", "late", "told"]
    business_date: date | None = None
    sequence: int | None = None
    manifest_sha256: str | None = None
    at: datetime
    by: Starter
    station: str | None = None
    exit_code: int | None = None
    lines: tuple[str, ...] = ()
    release: str | None = None
    is_tried: bool = False
    is_told: bool = False

    @property
    def batch(self) -> BatchId | None:
        """The night's batch; None for what is about none."""
        if self.business_date is None or self.sequence is None:
            return None
        return BatchId(self.business_date, self.sequence)


def run_log(settings: Settings) -> Path:
    """Where the log is kept."""
    return settings.home / "runs" / "log.jsonl"


def entries(settings: Settings) -> list[Entry]:
    """All entries, oldest first; a line that was cut off when a machine went down is left out."""
    try:
        lines = run_log(settings).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    found: list[Entry] = []
    for line in lines:
        try:
            entry = Entry.model_validate_json(line)
        except ValidationError:
            continue
        if entry.did != "told":
            found.append(entry)
            continue
        for place in range(len(found) - 1, -1, -1):
            if (found[place].at, found[place].batch) == (entry.at, entry.batch):
                found[place] = found[place].model_copy(update={"is_told": True})
                break
    return found


def to_stderr(line: str) -> None:
    """Say a line where a person or a log of the machine sees it."""
    sys.stderr.write(f"{line}\n")


@dataclass(frozen=True)
class Journal:
    """Notes what becomes of nights, and tells those whom the bank has named. It never raises.

    Attributes:
        say: Takes a line about whoever could not be told.
        now: The clock.
    """

    settings: Settings
    by: Starter = "command line"
    say: Callable[[str], None] = to_stderr
    now: Callable[[], datetime] = lambda: datetime.now(UTC).astimezone()

    def failed(self, error: BaseException, batch: BatchId | None = None, station: str | None = None) -> None:
        """A night failed or was interrupted at a station, or a run failed before any night.

        That another run writes is no failure.
        """
        if isinstance(error, BusyError):
            return
        lines, code = told(error)
        self._note("failed", "failed", batch, lines, station=station, exit_code=int(code))

    def left_aside(self, refused: Mapping[BatchId, FaultError], nameless: Sequence[Fault] = ()) -> None:
        """Batches that no run takes: each is noted and told until it is mended, once in a while.

        Args:
            nameless: Of deliveries that tell no batch; they are noted together.
        """
        for batch, error in sorted(refused.items()):
            lines, code = told(error)
            self._note("left_aside", "failed", batch, lines, exit_code=int(code))
        if nameless:
            lines, code = told(BadBatchError(list(nameless)))
            self._note("left_aside", "failed", None, lines, exit_code=int(code))

    def published(self, batch: BatchId, release: str, checks: int, warnings: tuple[str, ...]) -> None:
        """A night ended in a release."""
        line = f"{batch} is published as release {release}; {checks} checks, {len(warnings)} warnings."
        kind: Kind = "warned" if warnings else "published"
        text = f"{line} {one_line(list(warnings))}" if warnings else line
        self._note("published", kind, batch, [line, *warnings], text=text, release=release)

    def replayed(self, batch: BatchId) -> None:
        """A night ran again on the way to a later one; nobody is told."""
        self._note("replayed", None, batch, [])

    def late(self, business_date: date, since: datetime, *, more: int = 0) -> None:
        """The batch of a business day has not come, nor those of some more after it."""
        line = (
            f"{business_date} is a business day, and no complete batch of it has come; it was due at "
            f"{since.isoformat(timespec='minutes')}. Have it delivered."
        )
        if more:
            line += f" {more} more business days after it are late as well."
        self._note("late", "late", None, [line], business_date=business_date)

    def _note(
        self,
        did: Literal["published", "replayed", "failed", "left_aside", "late"],
        kind: Kind | None,
        batch: BatchId | None,
        lines: list[str],
        *,
        text: str | None = None,
        business_date: date | None = None,
        station: str | None = None,
        exit_code: int | None = None,
        release: str | None = None,
    ) -> None:
        try:
            entry = Entry(
                did=did,
                business_date=batch.business_date if batch else business_date,
                sequence=batch.sequence if batch else None,
                manifest_sha256=_digest(self.settings, batch),
                at=self.now(),
                by=self.by,
                station=station,
                exit_code=exit_code,
                lines=tuple(lines[:_MOST_LINES]),
                release=release,
            )
            is_quiet = did not in ("published", "replayed") and _is_told(entry, entries(self.settings))
            if is_quiet and did in ("left_aside", "late"):
                return
            hooks = tuple(hook for hook in self.settings.bank.notify if kind in hook.when)
            is_tried = bool(hooks) and not is_quiet
            is_told = kind is not None and not is_quiet and not hooks
            # noted first: a receiver may take long to answer, and the machine may go down meanwhile
            _add(self.settings, entry.model_copy(update={"is_tried": is_tried, "is_told": is_told}))
            if kind is not None and is_tried and self._tell(kind, entry, text or one_line(lines), len(hooks)):
                _add(self.settings, entry.model_copy(update={"did": "told"}))
        except Exception as error:
            # the night itself is what matters
            self.say(f"The night could not be noted in {run_log(self.settings)}: {type(error).__name__}.")

    def _tell(self, kind: Kind, entry: Entry, text: str, receivers: int) -> bool:
        """Whether at least one of those who want it took the notice."""
        from orchestration.notices.sending import send

        notice = Notice(
            kind=kind,
            text=text,
            business_date=entry.business_date,
            sequence=entry.sequence,
            station=entry.station,
            exit_code=entry.exit_code,
            release=entry.release,
            at=entry.at,
        )
        lines = send(notice, self.settings.bank.notify)
        for line in lines:
            self.say(line)
        return len(lines) < receivers


def _is_told(entry: Entry, before: list[Entry]) -> bool:
    """Whether the same was told or tried a short while ago, and nothing has become of the night since."""
    for other in reversed(before):
        if (other.business_date, other.sequence) != (entry.business_date, entry.sequence):
            continue
        if other.did in ("published", "replayed") or other.lines != entry.lines:
            return False
        if other.is_told or other.is_tried:
            return entry.at - other.at < (_TOLD_AGAIN if other.is_told else _TRIED_AGAIN)
    return False


def _digest(settings: Settings, batch: BatchId | None) -> str | None:
    if batch is None:
        return None
    manifest = landing_folder(settings, batch) / MANIFEST
    return file_digest(manifest) if manifest.is_file() else None


def _add(settings: Settings, entry: Entry) -> None:
    append_line(run_log(settings), entry.model_dump_json())
