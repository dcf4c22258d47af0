"""Where a warehouse lives and what its bank has chosen.

``ACRM_HOME`` (default ``var/`` in the project) holds everything a run makes. ``bank.yml`` in it, if
present, holds the bank's choices; every one has a default.
"""

import os
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from orchestration.errors import ConfigurationError
from orchestration.notices.hooks import Hook
from orchestration.yaml_files import NotYamlError, read_yaml

PROJECT = Path(__file__).parents[1]
"""The project's root: dbt project, seeds, models."""

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600


class Retention(BaseModel):
    """How many days before the newest night the bank keeps what; what is not named is kept for good.

    Attributes:
        landing_days: Landed batches that are in the lake, were sent again, or are withdrawn.
        quarantine_days: Refused rows, as they were sent. A month that is still open needs them.
        former_customer_days: Customers after their last account was closed; then ``acrm erase`` erases them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    landing_days: int | None = Field(default=None, ge=0, le=36500)
    quarantine_days: int | None = Field(default=None, ge=62, le=36500)
    former_customer_days: int | None = Field(default=None, ge=0, le=36500)


class Bank(BaseModel):
    """A bank's choices, from ``bank.yml``.

    Attributes:
        time_zone: IANA zone of timestamps without offset and of the nightly schedule.
        nightly_at: When the schedule runs what is waiting. A business day whose batch has not come by that
            time of the day after is overdue.
        notify: Who is told of nights.
        reporting_currency: Currency of every ``_amt`` column; its rate is 1 by definition.
        rulebook: ``rulebook_code`` of ``seeds/rules/tier_rulebooks.csv`` that the live marts use.
        contribution: When the running month's contribution is computed: every night, or at its end, from its
            last business day on.
        accept_partial_start: Go live where the first batch comes inside a month and nothing tells of the days
            before it: averages are of the recorded days. Otherwise gate 1 asks for the history.
        longest_gap_days: Days that may lie between a batch and the nearest other one; one that is further off
            has a wrong date and is refused.
        keep_releases: Releases kept after a publication, the current one included.
        keep_databases: Of these, how many keep their DuckDB file; the others make it again from their Parquet
            files when they are rolled back to. Parquet files are shared between releases, databases are not.
        memory_limit: DuckDB's memory limit for one connection.
        threads: Threads that DuckDB may use; dbt builds one model after the other.
        retention: Terms after which what the bank need not keep is dropped.
    """

    # what is wrong may be a secret that does not belong here: its value is told nowhere
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    time_zone: str = "Asia/Shanghai"
    nightly_at: time = time(2, 30)
    notify: tuple[Hook, ...] = ()
    reporting_currency: str = Field(default="CNY", pattern=r"^[A-Z]{3}$")
    rulebook: str = Field(default="documents", pattern=r"^[a-z][a-z0-9_]*$")
    contribution: Literal["every_night", "month_end"] = "every_night"
    accept_partial_start: bool = False
    longest_gap_days: int = Field(default=100, ge=1, le=36500)
    keep_releases: int = Field(default=7, ge=1)
    keep_databases: int = Field(default=2, ge=1)
    memory_limit: str = Field(default="6GB", pattern=r"^\d+(MB|GB)$")
    threads: int = Field(default=2, ge=1)
    retention: Retention = Retention()

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value} is not an IANA time zone") from error
        return value

    @field_validator("nightly_at", mode="before")
    @classmethod
    def _clock(cls, value: object) -> object:
        # YAML reads 12:30 without quotation marks as the number 750
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
            return time(value // 60, value % 60)
        if not isinstance(value, str | time):
            raise ValueError("write it as 02:30")
        return value

    @property
    def of_figures(self) -> str:
        """The choices that figures may depend on, as text: not when nights run, nor who is told."""
        return self.model_dump_json(exclude={"nightly_at", "notify"})


@dataclass(frozen=True)
class BatchId:
    """One delivery: a business date and its sequence number; orders by both."""

    business_date: date
    sequence: int

    def __str__(self) -> str:
        return f"{self.business_date} sequence {self.sequence}"

    @property
    def short(self) -> str:
        """The same as one word, which no release has for a name: 2026-10-31/2."""
        return f"{self.business_date}/{self.sequence}"

    def __lt__(self, other: Self) -> bool:
        return (self.business_date, self.sequence) < (other.business_date, other.sequence)

    @property
    def folder(self) -> Path:
        """Relative folder of the batch in landing, of a table in the lake, and in quarantine."""
        return Path(f"business_date={self.business_date}", f"sequence={self.sequence}")


@dataclass(frozen=True)
class Settings:
    """Folders of one warehouse and the bank's choices."""

    home: Path
    bank: Bank

    @classmethod
    def load(cls, home: Path | None = None) -> Self:
        """Read the settings of ``home``, else of ``ACRM_HOME``, else of ``var/``.

        Raises:
            ConfigurationError: ``bank.yml`` cannot be read or has a wrong value.
        """
        folder = (home or Path(os.environ.get("ACRM_HOME") or PROJECT / "var")).expanduser().absolute()
        path = folder / "bank.yml"
        try:
            choices = read_yaml(path) if path.exists() else None
            return cls(folder, Bank.model_validate(choices or {}))
        except (OSError, NotYamlError, ValidationError) as error:
            raise ConfigurationError(
                f"{path}: {_told(error)}. Mend the file or remove it for the defaults."
            ) from error

    @property
    def zone(self) -> ZoneInfo:
        """The bank's time zone."""
        return ZoneInfo(self.bank.time_zone)

    @property
    def landing(self) -> Path:
        """What the bank sent, never changed."""
        return self.home / "landing"

    @property
    def lake(self) -> Path:
        """Typed, immutable rows; the source of truth."""
        return self.home / "lake"

    @property
    def quarantine(self) -> Path:
        """Rows that a rule refused, with the rule."""
        return self.home / "quarantine"

    @property
    def quality(self) -> Path:
        """Gate results per batch and Great Expectations' pages."""
        return self.home / "quality"

    @property
    def database(self) -> Path:
        """The private build database; can be thrown away and rebuilt from the lake."""
        return self.home / "build" / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """Immutable releases and the ``current`` link."""
        return self.home / "published"

    @property
    def dbt_target(self) -> Path:
        """Dbt's compiled files and artefacts."""
        return self.home / "dbt" / "target"

    @property
    def dbt_logs(self) -> Path:
        """Dbt's log."""
        return self.home / "dbt" / "logs"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance folder."""
        return self.home / "dagster"

    @property
    def lock(self) -> Path:
        """Held by the one writer."""
        return self.home / "writer.lock"


def _told(error: OSError | NotYamlError | ValidationError) -> str:
    """What is wrong with the file, in one line that quotes none of its values."""
    if isinstance(error, ValidationError):
        return "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}" for fault in error.errors()
        )
    return str(error)


def private_folder(path: Path) -> Path:
    """Create a folder that only its owner can read, parents included, and return it."""
    path.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    return path


def append_line(path: Path, line: str) -> None:
    """Add a line to a log that only its owner can read; it is on the disk when this returns."""
    private_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
    with os.fdopen(handle, "ab") as log:
        log.write(line.encode() + b"\n")
        log.flush()
        os.fsync(log.fileno())


def require_new(path: Path) -> None:
    """Refuse a folder that holds something already.

    Raises:
        ConfigurationError: It does, or it is none.
    """
    if path.is_symlink() or (path.exists() and (not path.is_dir() or any(path.iterdir()))):
        raise ConfigurationError(f"{path} is not an empty folder. Name a new one: --to FOLDER")
