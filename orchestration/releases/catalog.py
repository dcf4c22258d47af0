"""``catalog.json``: what a release holds, for programs and for the next publication."""

from datetime import date
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.releases.marts import Cut, Mart
from orchestration.releases.privacy import Privacy

CATALOG_FILE = "catalog.json"

SCHEMA_VERSION = 5
"""Version of the published tables and of this layout; a breaking change steps it."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class CatalogFile(_Frozen):
    """One Parquet file of a table.

    Attributes:
        path: From the release's folder.
        month_start_date: Month of its rows, in a monthly table; in a daily one their day.
    """

    path: str
    month_start_date: date | None
    row_cnt: int
    byte_cnt: int
    sha256: str


class CatalogColumn(_Frozen):
    """One column.

    Attributes:
        data_type: DuckDB's name of it.
        privacy: What became of private values.
        gone_from: Date from which a deprecated column may be gone.
        is_own_currency: Whether an amount is in the currency of its trade or account.
    """

    name: str
    data_type: str
    description: str
    zh: str
    privacy: Privacy | None = None
    gone_from: date | None = None
    is_own_currency: bool = False


class CatalogTable(_Frozen):
    """One table, in the database and (but for the few that name the release) in Parquet.

    Attributes:
        cut: What cuts of the release hold of it, where its columns do not tell.
    """

    schema_name: str
    name: str
    description: str
    zh: str
    grain: tuple[str, ...]
    partition: str | None
    columns: tuple[CatalogColumn, ...]
    row_cnt: int
    files: tuple[CatalogFile, ...]
    cut: Cut | None = None

    @property
    def full_name(self) -> str:
        """Schema and table, as in SQL."""
        return f"{self.schema_name}.{self.name}"

    @property
    def shape(self) -> object:
        """What has to be equal for a table to be carried on from release to release."""
        columns = tuple((column.name, column.data_type, column.privacy) for column in self.columns)
        return self.full_name, self.grain, self.partition, columns

    @property
    def texts(self) -> object:
        """Every description and Chinese name."""
        return (
            self.description,
            self.zh,
            tuple((column.description, column.zh, column.gone_from) for column in self.columns),
        )


class CatalogMacro(_Frozen):
    """One table macro of the database: what stands in and after its brackets."""

    schema_name: str
    name: str
    parameters: str
    query: str


class BatchRow(_Frozen):
    """A delivery that a release rests on."""

    business_date: date
    sequence: int


class DataAsOf(BatchRow):
    """What a release shows: the last batch, and the bank's choices that shaped the numbers."""

    rulebook_code: str
    reporting_currency: str


class Catalog(_Frozen):
    """A release in one file; two releases of equal content differ in ``release`` and ``publication`` alone.

    Attributes:
        publication: Counts publications of this warehouse; orders releases, as a re-sent day comes late.
        written_by: Version of DuckDB; another one may write other bytes for the same rows.
        hash_key: Fingerprint of the key of its hashes.
        rules: Fingerprint of the rules of its tiers.
        cut: Whose part of the release it is; empty for the release itself.
    """

    release: str
    publication: int
    schema_version: int
    written_by: str
    hash_key: str = ""
    rules: str = ""
    cut: str = ""
    data_as_of: DataAsOf
    batches: tuple[BatchRow, ...]
    tables: tuple[CatalogTable, ...]
    macros: tuple[CatalogMacro, ...] = ()

    def write(self, folder: Path) -> None:
        """Write the file into a release's folder."""
        (folder / CATALOG_FILE).write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_catalog(folder: Path) -> Catalog | None:
    """A release's catalogue; None where it is absent or cannot be read."""
    try:
        return Catalog.model_validate_json((folder / CATALOG_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def parquet_path(mart: "Mart | CatalogTable", month: date | None) -> PurePosixPath:
    """Where a release keeps a table's rows, or one month (in a daily table, day) of them, as Parquet.

    A table's folder holds its files and no folders, each complete in itself: pandas, pyarrow, Polars, Spark
    and DuckDB read it with nothing said. The first three take a folder ``month_start_date=…`` beside the
    column as a clash or as text; Spark does not look into folders of other names.
    """
    file = "data" if month is None else month.isoformat()
    return PurePosixPath("parquet", mart.schema_name, mart.name, f"{file}.parquet")
