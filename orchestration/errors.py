"""Errors an operator can act on, each with its exit code.

A message names table, file, row and rule where there is one, says what to do, and never quotes a value:
values are private and messages end up in logs.
"""

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the command line returns."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    BAD_BATCH = 3
    NOT_FIT_TO_LOAD = 4
    BUILD_FAILED = 5
    NOT_FIT_TO_PUBLISH = 6
    BUSY = 7
    CONFIGURATION = 8
    PUBLICATION_FAILED = 9
    NOT_FOUND = 10
    LANDING_UNREAD = 11
    STORAGE = 12
    INTERRUPTED = 130
    TERMINATED = 143


class AcrmError(Exception):
    """Base of all errors that end a command with a line and an exit code."""

    exit_code: ExitCode = ExitCode.UNEXPECTED


@dataclass(frozen=True)
class Fault:
    """One violation, as the operator reads it.

    Attributes:
        check_code: Rule violated, a key of ``seeds/rules/check_rules.csv``.
        row: Number of the data record in the file, from 1, the header not counted.
        remedy: What to do next.
    """

    check_code: str
    what: str
    remedy: str
    table: str | None = None
    file: str | None = None
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        row = None if self.row is None else f"row {self.row}"
        place = " · ".join(part for part in (self.table, self.file, row, self.column) if part)
        return f"{place + ' · ' if place else ''}{self.check_code}: {self.what}. {self.remedy}"


class FaultError(AcrmError):
    """One or more faults stop the night."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = faults
        super().__init__("\n".join(str(fault) for fault in faults))


class BadBatchError(FaultError):
    """The delivery itself cannot be read as the contract says."""

    exit_code = ExitCode.BAD_BATCH


class LandingError(AcrmError):
    """The landing folder is missing, or cannot be read: nobody knows what waits there."""

    exit_code = ExitCode.LANDING_UNREAD


class StorageError(AcrmError):
    """A file of the warehouse cannot be written or read: disk, rights, or a mount."""

    exit_code = ExitCode.STORAGE


class NotFitToLoadError(FaultError):
    """Gate 1 blocks the batch."""

    exit_code = ExitCode.NOT_FIT_TO_LOAD


class NotFitToPublishError(FaultError):
    """Gate 2 blocks the release."""

    exit_code = ExitCode.NOT_FIT_TO_PUBLISH


class BuildError(AcrmError):
    """dbt could not build the models."""

    exit_code = ExitCode.BUILD_FAILED


class BusyError(AcrmError):
    """Another run holds the writer's lock."""

    exit_code = ExitCode.BUSY


class ConfigurationError(AcrmError):
    """A setting is missing or wrong."""

    exit_code = ExitCode.CONFIGURATION


class PublicationError(AcrmError):
    """A release could not be written, found or switched to."""

    exit_code = ExitCode.PUBLICATION_FAILED


class QueryError(AcrmError):
    """A question in SQL is not one that the release can answer."""

    exit_code = ExitCode.USAGE


class NotFoundError(AcrmError):
    """The release has nothing of what was asked for."""

    exit_code = ExitCode.NOT_FOUND
