"""The extract contract as typed objects.

``extracts.yml`` is the one definition of what the core-banking side delivers; every reader, check
and document takes it from :func:`load_contract`.
"""

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from contract.classes import Importance, Level, Pfi, level_of

ColumnType = Literal[
    "id",
    "text",
    "code",
    "money",
    "rate",
    "fx_rate",
    "ratio",
    "quantity",
    "integer",
    "boolean",
    "date",
    "timestamp",
]
Kind = Literal["F", "D", "E"]
Load = Literal["full", "delta", "append"]
Private = Literal["name", "number", "date"]

OP_COLUMN = "op"
"""Last column of a delta load: I, U or D."""

OP_VALUES = ("I", "U", "D")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TypeSpec(_Strict):
    """How one contract type is stored in the lake."""

    lake: str
    about: str


class Column(_Strict):
    """One column of an extract.

    Attributes:
        pfi: Class of personal financial information; no column is without one.
        nullable: An empty field is allowed and stays null.
        values: Closed list of codes, as text; empty means open.
        default: Text that an empty field stands for.
        references: ``table.column`` that has to know the value.
        alike: Column in which the row has to say what the row of its own table says that it refers to.
        scopes: ``table.column`` that has to know the value, by the value of the column before it; a value of
            that column that is not named here needs none.
        rule_list: ``table.column`` of a rule table in ``seeds/rules`` that has to know the value.
        pattern: Regular expression that the whole value matches.
        past: A date that cannot lie after the business date.
        minimum: Least value allowed, as text.
        month: A month: ``first_day`` can only be given by that, ``any_day`` is read as its first.
        open_dates: How banks write that there is no such day. ``empty``: 0001-01-01, 1900-01-01, 2099-12-31
            and all days from 2999 on are an empty field; ``end``: the same days are 9999-12-31; ``start``:
            0001-01-01 and 1900-01-01 are 1900-01-01.
        month_days: Column that counts days of this month; all of them lie before the business date.
        group: Columns whose rows must add to 1 in this column.
        tells_versions: Rows of the same key may be in one batch if they differ here.
        overdraft_of: ``table.column`` of the account whose product says whether a negative value is allowed.
        private: Kind of a value that never leaves the pipeline in the clear.
        optional: A file may lack the column; without header all of a table's or none.
    """

    name: str
    type: ColumnType
    pfi: Pfi
    zh: str
    about: str
    key: bool = False
    nullable: bool = False
    values: tuple[str, ...] = ()
    default: str | None = None
    references: str | None = None
    alike: str | None = None
    scopes: dict[str, str] = Field(default_factory=dict)
    rule_list: str | None = None
    pattern: str | None = None
    past: bool = False
    minimum: str | None = None
    month: Literal["first_day", "any_day"] | None = None
    open_dates: Literal["empty", "start", "end"] | None = None
    month_days: str | None = None
    group: tuple[str, ...] = ()
    tells_versions: bool = False
    overdraft_of: str | None = None
    private: Private | None = None
    optional: bool = False

    @model_validator(mode="after")
    def _optional_may_be_empty(self) -> "Column":
        if self.optional and (self.required or self.key):
            raise ValueError(f"{self.name}: a column that a file may lack can be empty")
        return self

    @model_validator(mode="after")
    def _private_is_sensitive(self) -> "Column":
        if self.private and self.pfi not in ("C2", "C3"):
            raise ValueError(f"{self.name}: a private column is of class C2 or C3")
        return self

    @model_validator(mode="after")
    def _open_is_a_date(self) -> "Column":
        if self.open_dates == "empty" and not (self.nullable and self.type in ("date", "timestamp")):
            raise ValueError(f"{self.name}: only a date that may be empty can be kept as empty")
        if self.open_dates in ("start", "end") and (self.nullable or self.type != "date"):
            raise ValueError(f"{self.name}: only a date that is required can be an open start or end")
        return self

    @property
    def targets(self) -> tuple[str, ...]:
        """``table.column`` of all that may have to know the value."""
        return (*((self.references,) if self.references else ()), *self.scopes.values())

    @property
    def required(self) -> bool:
        """Whether an empty field is a fault."""
        return not self.nullable and self.default is None

    @property
    def is_trimmed(self) -> bool:
        """Whether blanks at the end are the padding of a fixed width and no part of the value."""
        return self.type in ("id", "code") or self.private == "number"


class MonthHistory(_Strict):
    """Whose past months a table tells, and since when they were there.

    Attributes:
        of: The table, whose key is the first column of this one's.
        since: Its column with the first day.
        until: Its column with the day from which on there is nothing any more, where it has one.
        last: Column with the balance of the last day covered.
        total: Column with the sum of the balances of all days covered.
    """

    of: str
    since: str
    until: str | None = None
    last: str = "month_end_balance"
    total: str = "balance_sum"


class Table(_Strict):
    """One extract table.

    Attributes:
        importance: What the regulator's catalogue calls its data.
        optional: Any batch may leave it out.
        begins: From which batch on every batch has it: the first, or whichever the bank begins with.
        needs: Tables that are delivered with it, because it would be read wrongly without them.
        initial_only: It belongs to the initial load.
        history: What its rows are sums of.
    """

    name: str
    zh: str
    kind: Kind
    importance: Importance
    about: str
    columns: tuple[Column, ...]
    optional: bool = False
    begins: Literal["first_batch", "any_batch"] = "first_batch"
    needs: tuple[str, ...] = ()
    initial_only: bool = False
    history: MonthHistory | None = None

    def level(self, column: Column) -> Level:
        """Level of protection of one of its columns."""
        return level_of(column.pfi, self.importance)

    @property
    def holds_balances(self) -> bool:
        """Whether a row is money that the bank's totals are made of: balances, and sums of past months."""
        amounts = [column for column in self.columns if column.type == "money" and column.required]
        return bool(amounts) and (self.kind == "F" or self.history is not None)

    @property
    def key(self) -> tuple[str, ...]:
        """Names of the columns that identify a row within one batch."""
        return tuple(column.name for column in self.columns if column.key)

    @property
    def unique_columns(self) -> tuple[str, ...]:
        """Columns of which no two rows of a batch may be the same."""
        return tuple(column.name for column in self.columns if column.key or column.tells_versions)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Column names in contract order, without the ``op`` column of deltas."""
        return tuple(column.name for column in self.columns)

    @property
    def required(self) -> bool:
        """Whether every batch has to deliver the table, the first one included."""
        return self.stays and self.begins == "first_batch"

    @property
    def stays(self) -> bool:
        """Whether every batch after one that delivered the table has to deliver it."""
        return not (self.optional or self.initial_only)

    def column(self, name: str) -> Column:
        """The column called ``name``; KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name} is not in the contract")


class Contract(_Strict):
    """All extract tables, by delivery order."""

    version: int
    types: dict[ColumnType, TypeSpec]
    tables: tuple[Table, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _minimum_stands_alone(self) -> "Contract":
        for table in self.tables:
            if table.required and table.needs:
                raise ValueError(f"{table.name}: what every batch has needs no other table")
            if table.begins == "any_batch" and not table.stays:
                raise ValueError(f"{table.name}: optional and initial tables do not begin")
        return self

    @model_validator(mode="after")
    def _references_exist(self) -> "Contract":
        for table in self.tables:
            for needed in table.needs:
                self.table(needed)
            if table.history is not None:
                for day in (table.history.since, table.history.until):
                    if day is not None:
                        self.table(table.history.of).column(day)
            for column in table.columns:
                for beside in (column.month_days, column.alike):
                    if beside is not None:
                        table.column(beside)
                for target in (*column.targets, column.overdraft_of):
                    if target is not None:
                        name, _, target_column = target.partition(".")
                        self.table(name).column(target_column)
        return self

    @property
    def table_names(self) -> tuple[str, ...]:
        """Names of all tables in contract order."""
        return tuple(table.name for table in self.tables)

    def table(self, name: str) -> Table:
        """The table called ``name``; KeyError if there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(f"{name} is not a table of the contract")

    @property
    def private_names(self) -> dict[str, Private]:
        """Names of the columns that hold private values; a column has one kind in every table."""
        return {
            column.name: column.private for table in self.tables for column in table.columns if column.private
        }

    def lake_type(self, column: Column) -> str:
        """DuckDB type of the column in the lake."""
        return self.types[column.type].lake


@cache
def load_contract() -> Contract:
    """The contract shipped with the project."""
    path = Path(__file__).with_name("extracts.yml")
    return Contract.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
