"""``audit/log.jsonl``: who took out a batch, erased customers or restated merges, when and why.

Entries are only added.

Put here: the log, and which deliveries it says are withdrawn. Keep out: what a withdrawal does
(``withdrawal.py``), and an erasure (``erasure``); the log names no customer.
"""

import getpass
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from orchestration.errors import ConfigurationError
from orchestration.settings import BatchId, Settings, append_line


class Withdrawal(BaseModel):
    """One entry.

    Attributes:
        manifest_sha256: The delivery that was withdrawn; another one of the same name is another delivery.
        at: When, with the offset from UTC.
        by: Who said so.
        reason: Why, in the operator's words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    did: Literal["withdraw"] = "withdraw"
    business_date: str
    sequence: int
    manifest_sha256: str
    at: datetime
    by: str
    reason: str

    @property
    def batch(self) -> BatchId:
        """The batch that was withdrawn."""
        return BatchId(datetime.fromisoformat(self.business_date).date(), self.sequence)

    def __str__(self) -> str:
        return f"{self.batch} was withdrawn by {self.by} at {self.at.isoformat()}: {self.reason}"


class ErasureRun(BaseModel):
    """One run of ``acrm erase``, noted before anything is erased.

    Attributes:
        order: The bank's reference of the request.
        customers: How many customers were named.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    did: Literal["erase"] = "erase"
    at: datetime
    by: str
    order: str
    customers: int


class MergeRestatement(BaseModel):
    """One run of ``acrm restate-merges``, noted before any night runs again.

    Attributes:
        told_on: Business date of the batch that told the merges.
        from_date: First business date on which they count.
        reason: Why, in the operator's words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    did: Literal["restate-merges"] = "restate-merges"
    told_on: str
    from_date: str
    at: datetime
    by: str
    reason: str

    @property
    def told_day(self) -> date:
        """Business date of the batch."""
        return date.fromisoformat(self.told_on)

    @property
    def from_day(self) -> date:
        """First business date on which they count."""
        return date.fromisoformat(self.from_date)

    def __str__(self) -> str:
        return (
            f"merges told on {self.told_on} count from {self.from_date} on, by {self.by} at "
            f"{self.at.isoformat()}: {self.reason}"
        )


Entry = Withdrawal | ErasureRun | MergeRestatement

_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


def user_of_process() -> str:
    """Who runs this process.

    Raises:
        ConfigurationError: Nobody can tell.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise ConfigurationError("Nobody can tell who says so. Say it by: --by NAME") from error


def audit_log(settings: Settings) -> Path:
    """Where the log is kept."""
    return settings.home / "audit" / "log.jsonl"


def note(settings: Settings, entry: Entry) -> None:
    """Add an entry; it is on the disk when this returns."""
    append_line(audit_log(settings), entry.model_dump_json())


def withdrawals(settings: Settings) -> list[Withdrawal]:
    """All withdrawals, oldest first; raises as :func:`audited` does."""
    return [entry for entry in audited(settings) if isinstance(entry, Withdrawal)]


def erasure_runs(settings: Settings) -> list[ErasureRun]:
    """All runs of ``acrm erase``, oldest first; raises as :func:`audited` does."""
    return [entry for entry in audited(settings) if isinstance(entry, ErasureRun)]


def merge_restatements(settings: Settings) -> list[MergeRestatement]:
    """All runs of ``acrm restate-merges``, oldest first; raises as :func:`audited` does."""
    return [entry for entry in audited(settings) if isinstance(entry, MergeRestatement)]


def audited(settings: Settings) -> list[Entry]:
    """All entries, oldest first.

    Raises:
        ConfigurationError: The log cannot be read. What was withdrawn would come back without it.
    """
    path = audit_log(settings)
    try:
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [_ENTRY.validate_json(line) for line in lines if line.strip()]
    except (OSError, ValidationError) as error:
        raise ConfigurationError(
            f"{path}: the log cannot be read ({type(error).__name__}). Restore it from the backup; a batch "
            "that was withdrawn would come back without it."
        ) from error


def withdrawn(settings: Settings) -> set[tuple[BatchId, str]]:
    """Deliveries that are withdrawn, each with the checksum of its manifest."""
    return {(entry.batch, entry.manifest_sha256) for entry in withdrawals(settings)}
