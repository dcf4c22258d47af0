"""A bank's own extract names: which file is which table, which column is which, and how values are written.

``mapping.yml`` in ``ACRM_HOME`` says it. Files stay as they are: a mapped table is read by the bank's names
and goes on in the contract's, so every rule judges it like any other.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from contract.model import OP_COLUMN, Column, ColumnType, Table, load_contract
from orchestration.errors import ConfigurationError
from orchestration.ingestion.decoding import UnreadableFileError
from orchestration.ingestion.fixed import Fixed, fixed_chunks
from orchestration.ingestion.manifest import Format
from orchestration.ingestion.parsing import SOURCE_ROW
from orchestration.ingestion.reader import Chunk, read_file
from orchestration.settings import Settings
from orchestration.yaml_files import NotYamlError, read_yaml

MAPPING_FILE = "mapping.yml"
EVERY_OTHER = "*"
"""In a translation of codes: all that are not listed."""

_NUMBERS = ("money", "rate", "fx_rate", "ratio", "quantity", "integer")
_DAYS = {"date": "%Y-%m-%d", "timestamp": "%Y-%m-%dT%H:%M:%S"}
_POWERS = {10**power: power for power in range(1, 9)}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ColumnMap(_Strict):
    """Where a contract column comes from, and how its values are written.

    Attributes:
        source: Column of the file.
        constant: Value of every row, where the file has no such column.
        codes: The contract's code for each of the bank's; ``*`` stands for all others.
        empty: Texts that mean that there is nothing.
        date: How a day or an instant is written, in strptime's letters.
        decimal: What stands before the decimals.
        thousands: What stands between thousands.
        divide_by: Power of ten: 100 for amounts in cents and for rates in percent.
    """

    source: str | None = Field(default=None, alias="from")
    constant: str | None = None
    codes: dict[str, str] = Field(default_factory=dict)
    empty: tuple[str, ...] = ()
    date: str | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'"] | None = None
    divide_by: int | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.source is None) == (self.constant is None):
            raise ValueError("say either 'from' or 'constant'")
        if self.constant is not None and len(self.model_fields_set) > 1:
            raise ValueError("a constant is written as the contract says; nothing else goes with it")
        if self.divide_by is not None and self.divide_by not in _POWERS:
            raise ValueError("divide_by is a power of ten, from 10 to 100000000")
        if self.thousands == self.decimal:
            raise ValueError("thousands and decimals need different signs")
        return self

    def text(self, column: Column) -> pl.Expr:
        """The value as the contract writes it; what does not fit stays as it is, and the rules refuse it."""
        if self.constant is not None:
            return pl.lit(self.constant)
        assert self.source is not None
        text = pl.col(_lower(self.source))
        if self.empty:
            text = pl.when(~text.is_in(pl.Series(self.empty).implode())).then(text)
        if self.codes:
            text = _translated(text, self.codes)
        if self.date is not None:
            day = text.str.strptime(pl.Datetime("us"), self.date, strict=False)
            text = pl.coalesce(day.dt.to_string(_DAYS[column.type]), text)
        if self.thousands is not None:
            text = text.str.replace_all(self.thousands, "", literal=True)
        if self.decimal == ",":
            text = text.str.replace(",", ".", literal=True)
        if self.divide_by is not None:
            text = _divided(text, _POWERS[self.divide_by])
        return text


def _column(value: object) -> object:
    """A column said by its name alone."""
    return {"from": value} if isinstance(value, str) else value


class TableMap(_Strict):
    """How a table's files are called and written, and where each column comes from.

    Attributes:
        files: Names of files as patterns (``CUST_*.txt``).
        format: What of the format is not to be guessed by ``acrm manifest``.
        names: All columns of the files in their order, where they have no header.
        fixed: Where columns stand, in files of fixed width.
        columns: By contract column. One that is not named comes from the column of its own name, if any.
    """

    files: tuple[str, ...] = ()
    format: dict[str, str] = Field(default_factory=dict)
    names: tuple[str, ...] = ()
    fixed: Fixed | None = None
    columns: dict[str, Annotated[ColumnMap, BeforeValidator(_column)]] = Field(default_factory=dict)

    @property
    def listed(self) -> tuple[str, ...]:
        """All columns of the files, where the mapping tells them; none where their header does."""
        return tuple(map(_lower, self.names or (self.fixed.columns if self.fixed else ())))

    def sources(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """The columns that a file has to have, as the reader asks for them; all where it has no header."""
        found = {
            source: self._asked(column, source)
            for column in reversed(columns)
            if (source := self._source(column)) is not None
        }
        if self.listed:
            return tuple(
                _plain(name, found[name].type if name in found else "text", may_lack=False)
                for name in self.listed
            )
        return tuple(reversed(found.values()))

    def applied(self, rows: pl.DataFrame, columns: tuple[Column, ...]) -> pl.DataFrame:
        """The rows in the contract's columns, all text, with ``source_row``."""
        texts = []
        for column in columns:
            said = self.columns.get(column.name)
            if said is not None:
                text = said.text(column)
            elif column.name in rows.columns:
                text = pl.col(column.name)
            else:
                text = pl.lit(None, pl.String)
            texts.append(text.cast(pl.String).alias(column.name))
        return rows.select(*texts, SOURCE_ROW)

    def _source(self, column: Column) -> str | None:
        said = self.columns.get(column.name)
        if said is None:
            return column.name
        return None if said.source is None else _lower(said.source)

    def _asked(self, column: Column, source: str) -> Column:
        is_said = column.name in self.columns
        may_lack = not is_said and not column.required and column.name != OP_COLUMN
        return _plain(source, column.type if column.type != "boolean" else "text", may_lack=may_lack)


class Mapping(_Strict):
    """The whole of ``mapping.yml``."""

    tables: dict[str, TableMap] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_of_the_contract(self) -> Self:
        for name, said in self.tables.items():
            if name not in load_contract().table_names:
                raise ValueError(f"{name!a} is not a table of the contract")
            for fault in _faults(load_contract().table(name), said):
                raise ValueError(f"{name}: {fault}")
        return self

    def table(self, name: str) -> TableMap | None:
        """What is said of a table; None if nothing is."""
        return self.tables.get(name)

    def table_of_file(self, file: str) -> str | None:
        """The table that a file belongs to by its name; None if no pattern says so."""
        for name, said in self.tables.items():
            if any(fnmatchcase(file.lower(), pattern.lower()) for pattern in said.files):
                return name
        return None


def load_mapping(settings: Settings) -> Mapping:
    """The bank's mapping; an empty one where there is no file.

    Raises:
        ConfigurationError: It cannot be read, or names what the contract does not have.
    """
    path = settings.home / MAPPING_FILE
    try:
        # every value is the text that stands there: a code 01 is no number
        content = read_yaml(path, is_typed=False) if path.exists() else None
        return Mapping.model_validate(content or {})
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise ConfigurationError(
            f"{path}: {place + ': ' if place else ''}{fault['msg']}. Mend it."
        ) from error
    except (OSError, NotYamlError) as error:
        raise ConfigurationError(f"{path}: {error}. Mend the file or remove it.") from error


def read_mapped(path: Path, layout: Format, columns: tuple[Column, ...], said: TableMap) -> Iterator[Chunk]:
    """Read a file by the bank's names, chunk by chunk, in the contract's columns.

    Raises:
        UnreadableFileError: It is not written as the manifest says, or lacks a column that the mapping names.
    """
    if layout.kind == "csv" and not layout.header and not said.listed:
        what = f"it has no header, and {MAPPING_FILE} does not say what its columns are ('names')"
        raise UnreadableFileError(what, "column_missing")
    if said.fixed is not None:
        found = fixed_chunks(path, layout, said.fixed)
    else:
        found = read_file(path, layout, said.sources(columns))
    for chunk in found:
        # columns that are not mapped were left out by whoever wrote the mapping
        yield Chunk(said.applied(chunk.rows, columns), chunk.misshapen, ())


def _faults(table: Table, said: TableMap) -> Iterator[str]:
    for name, column_map in said.columns.items():
        if name == OP_COLUMN and table.kind == "D":
            continue
        if name not in table.column_names:
            yield f"{name!a} is not a column of the contract"
            return
        column = table.column(name)
        is_number = column_map.divide_by or column_map.thousands or column_map.decimal != "."
        if column_map.date is not None and column.type not in _DAYS:
            yield f"{name}: only a date or a timestamp has a date format"
        if is_number and column.type not in _NUMBERS:
            yield f"{name}: only a number has decimals, thousands or a divisor"
        source = column_map.source
        if said.listed and source is not None and _lower(source) not in said.listed:
            yield f"{name}: {source!a} is not among '{'names' if said.names else 'fixed'}'"
    if said.names and said.fixed:
        yield "say either 'names' or 'fixed'"
    if said.names and len({_lower(name) for name in said.names}) < len(said.names):
        yield "'names' has a column twice"
    unknown = said.format.keys() - Format.model_fields.keys()
    if unknown:
        yield f"format: {min(unknown)!a} is not one of {', '.join(Format.model_fields)}"


def _lower(name: str) -> str:
    # headers are compared without regard to case, as the reader does
    return name.lower()


def _plain(name: str, kind: ColumnType, *, may_lack: bool) -> Column:
    # classes are of what is kept: a column of the sender's own is read and made into one of the contract
    return Column(name=name, type=kind, pfi="none", zh="", about="", nullable=True, optional=may_lack)


def _translated(text: pl.Expr, codes: dict[str, str]) -> pl.Expr:
    listed = {theirs: ours for theirs, ours in codes.items() if theirs != EVERY_OTHER}
    others = pl.lit(codes[EVERY_OTHER]) if EVERY_OTHER in codes else text
    trimmed = text.str.strip_chars_end(" ")
    translated: pl.Expr = pl.when(text.is_not_null()).then(others)
    for theirs, ours in listed.items():
        translated = pl.when(trimmed == theirs).then(pl.lit(ours)).otherwise(translated)
    return translated


def _divided(text: pl.Expr, places: int) -> pl.Expr:
    """The decimal point moved to the left, in the text itself, so that nothing is rounded."""
    number = r"^([+-]?)([0-9]+)(?:\.([0-9]*))?$"
    whole = text.str.extract(number, 2).str.zfill(places + 1)
    cut = pl.concat_str(
        text.str.extract(number, 1),
        whole.str.slice(0, whole.str.len_chars() - places),
        pl.lit("."),
        whole.str.tail(places),
        text.str.extract(number, 3).fill_null(""),
    )
    return pl.when(text.str.contains(number)).then(cut).otherwise(text)
