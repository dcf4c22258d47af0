"""What was measured, as it is kept beside the bank."""

import os
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict

from benchmarks.measure import LayerSize, Usage
from orchestration.settings import Bank

_PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "great-expectations", "polars", "pyarrow")


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True)


class Station(_Kept):
    """One stretch of a night's process; ``start`` and ``finish`` lie before and after the stations."""

    name: str
    usage: Usage


class NightMeasure(_Kept):
    """One night, the floor of it, and what it did to the disk.

    Attributes:
        rows: Rows that the batch delivered.
        floor: The same night by hand; none if it was left out.
        differing: Published rows that the floor has not, or has besides, by table.
        release_bytes: Disk that the new release takes for itself; the rest it shares with the one before.
        model_seconds: Of the build, each model; none in results that are older.
        chapter_seconds: The same by chapter of the specification: each model with the first that needs it.
    """

    label: str
    business_date: date
    sequence: int
    rows: int
    stations: list[Station]
    floor: Usage | None
    differing: dict[str, int]
    before: dict[str, LayerSize]
    after: dict[str, LayerSize]
    release_bytes: int
    model_seconds: dict[str, float] = {}
    chapter_seconds: dict[str, float] = {}

    @property
    def total(self) -> Usage:
        """The whole process, from its start to its end."""
        first, *others = (station.usage for station in self.stations)
        return sum(others, start=first)

    @property
    def ratio(self) -> float | None:
        """Time of the night in times of the floor."""
        return None if self.floor is None else self.total.seconds / self.floor.seconds


class Machine(_Kept):
    """Where it was measured.

    Attributes:
        load: Processes that wanted to run before the first night, on average over a minute.
    """

    cores: int
    memory_bytes: int
    threads: int
    memory_limit: str
    load: float
    versions: dict[str, str]

    @classmethod
    def here(cls, bank: Bank) -> Self:
        """This machine, now."""
        return cls(
            cores=len(os.sched_getaffinity(0)),
            memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
            threads=bank.threads,
            memory_limit=bank.memory_limit,
            load=os.getloadavg()[0],
            versions={package: version(package) for package in _PACKAGES},
        )


class BankMeasure(_Kept):
    """One bank: the night that loads its history, and the nights after it.

    Attributes:
        generated_seconds: None if the bank was there already.
    """

    name: str
    customers: int
    months: int
    kind: str
    machine: Machine
    generated_seconds: float | None
    initial: NightMeasure
    nights: list[NightMeasure]

    def write(self, folder: Path) -> None:
        """Keep the result; it replaces an earlier one of the bank."""
        path = folder / f"{self.name}.json"
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, name: str) -> Self | None:
        """The kept result of a bank; None if it has not been measured."""
        path = folder / f"{name}.json"
        return cls.model_validate_json(path.read_bytes()) if path.exists() else None
