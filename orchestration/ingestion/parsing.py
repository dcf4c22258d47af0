"""From text to typed values, by expressions over whole columns; nothing is rounded or guessed.

A value that is not exactly what its type allows is null here and named in the violations.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

import polars as pl

from contract.model import OP_COLUMN, OP_VALUES, Column, Table, load_contract
from orchestration.ingestion.decoding import UNDECODABLE

SOURCE_ROW = "source_row"
EARLIEST = date(1900, 1, 1)
OPEN_STARTS = (date(1, 1, 1), EARLIEST)
OPEN_DATES = (*OPEN_STARTS, date(2099, 12, 31))
OPEN_FROM = date(2999, 1, 1)
"""Days by which banks write that there is none, where the contract says so: these, and all from then on."""
KEPT_AS = {"empty": None, "start": EARLIEST, "end": date(9999, 12, 31)}
"""What they are kept as, by the contract's word."""

VIOLATIONS = {
    "table_name": pl.String,
    "source_file": pl.String,
    "source_row": pl.Int64,
    "column_name": pl.String,
    "value": pl.String,
    "rule_code": pl.String,
    "row_key": pl.String,
    "record": pl.String,
}
"""Columns of a quarantine file: one row per row, column and rule violated."""

_BLANKS = " \t\u00a0\u3000\0"
"""What fixed widths are filled with: blanks of one and of two bytes, and what conversions leave of them."""
_TRUE, _FALSE = ["true", "1", "y"], ["false", "0", "n"]
_INTEGER = r"^[+-]?[0-9]+(?:\.0*)?$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
_OFFSET = r"(?:[Zz]|[+-][0-2][0-9](?::?[0-5][0-9])?)$"
_TIMESTAMP = rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(?:$|{_OFFSET})"


MOST_SHOWN_BYTES = 10_000
"""Of a longer text quarantine tells the length: it is no value, and takes many times its room on the way."""

MOST_VIOLATIONS = 1_000_000
"""Violations of one chunk that are written down, each with its record."""


class TooManyViolationsError(Exception):
    """So many values of one chunk break a rule that the file is not what it says."""

    def __init__(self, column: str, rule: str, rows: int) -> None:
        super().__init__(column, rule, rows)
        self.column, self.rule, self.rows = column, rule, rows


@dataclass(frozen=True)
class Typed:
    """Rows of one chunk after typing.

    Attributes:
        accepted: Rows without violation, typed, with ``source_row``.
        violations: One row per row, column and rule violated; without table and file.
        quarantined: Rows refused per rule.
        sums: Exact totals of the numeric columns asked for, over all rows.
        padded: Values per column that lost blanks at their end.
        open_dates: Values per column that mean that there is no such day.
    """

    accepted: pl.DataFrame
    violations: pl.DataFrame
    quarantined: dict[str, int]
    sums: dict[str, Decimal]
    padded: dict[str, int] = field(default_factory=dict)
    open_dates: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Typing:
    """How the rows of a table become typed.

    Attributes:
        is_delta: Whether the rows have an ``op`` column; a deleted row is judged by its key alone.
        business_date: Day of the batch, for dates that cannot lie after it.
        time_zone: Zone of timestamps without offset.
        summed: Columns whose totals are wanted.
    """

    table: Table
    is_delta: bool
    business_date: date
    time_zone: str
    summed: tuple[str, ...] = ()

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Columns that a file of the table has to have, in contract order."""
        return (*self.table.column_names, *([OP_COLUMN] if self.is_delta else []))

    def apply(self, sent: pl.DataFrame) -> Typed:
        """Type the rows of a frame of text columns and ``source_row``.

        Raises:
            TooManyViolationsError: Nearly every value is wrong.
        """
        texts, padded = self._trimmed(sent)
        typed = texts.select(*self._values, SOURCE_ROW)
        texts, typed, open_dates = self._without_open_dates(texts, typed)
        totals = typed.select(pl.col(name).cast(pl.Decimal(38, 8)).sum() for name in self.summed)
        sums = dict(zip(self.summed, totals.row(0) if self.summed else (), strict=True))
        rules = texts.select(pl.all().name.prefix("text ")).hstack(typed).select(self._rules)
        counts = dict(zip(rules.columns, rules.select(pl.all().count()).row(0), strict=True))
        broken = [name for name, count in counts.items() if count]
        if sum(counts.values()) > MOST_VIOLATIONS:
            worst = max(broken, key=lambda name: counts[name])
            rule = rules.select(pl.col(worst).drop_nulls().first()).item()
            raise TooManyViolationsError(worst, rule, counts[worst])
        accepted = self._lake_rows(typed)
        if not broken:
            return Typed(accepted, _no_violations(), {}, sums, padded, open_dates)
        is_good = rules.select(pl.all_horizontal(pl.col(broken).is_null())).to_series()
        violations = self._violations(sent, texts, rules, broken)
        per_rule = violations.group_by("rule_code").agg(pl.col(SOURCE_ROW).n_unique()).sort("rule_code")
        refused = dict(per_rule.iter_rows())
        return Typed(accepted.filter(is_good), violations, refused, sums, padded, open_dates)

    def _trimmed(self, sent: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
        """The texts without the padding of identifiers and codes, and how many of each column had some."""
        names = [column.name for column in self.table.columns if column.is_trimmed]
        names += [OP_COLUMN] if self.is_delta else []
        padded = _counted(sent.select(_is_padded(name).sum().alias(name) for name in names))
        cut = (pl.col(name).str.strip_chars_end(_BLANKS) for name in padded)
        # nothing but padding is an empty field
        return sent.with_columns(pl.when(text.str.len_bytes() > 0).then(text) for text in cut), padded

    def _without_open_dates(
        self, texts: pl.DataFrame, typed: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
        """Texts and values with one word for days that mean none, and how many of each column did."""
        columns = [column for column in self.table.columns if column.open_dates]
        if not columns:
            return texts, typed, {}
        written = texts.select(pl.col([c.name for c in columns]).name.prefix("text "))
        flags = typed.hstack(written).select(self._is_open(c).fill_null(False).alias(c.name) for c in columns)
        found = _counted(flags.sum())
        for name in found:
            is_given, word = ~flags[name], self.table.column(name).open_dates
            kept = pl.lit(KEPT_AS[word or "empty"])
            typed = typed.with_columns(pl.when(is_given).then(pl.col(name)).otherwise(kept).alias(name))
            if word == "empty":
                texts = texts.with_columns(pl.when(is_given).then(pl.col(name)).alias(name))
        return texts, typed, found

    def _is_open(self, column: Column) -> pl.Expr:
        value = pl.col(column.name)
        if column.open_dates == "start":
            return value.is_in(pl.Series(OPEN_STARTS).implode())
        if column.type == "date":
            return _means_none(value)
        # the day as it was written, or as it was in the bank
        local = value.dt.replace_time_zone("UTC").dt.convert_time_zone(self.time_zone).dt.date()
        written = pl.col(f"text {column.name}").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
        return value.is_not_null() & (_means_none(local) | _means_none(written))

    def _lake_rows(self, typed: pl.DataFrame) -> pl.DataFrame:
        defaults = [
            pl.col(c.name).fill_null(parsed(pl.lit(c.default), c, self.time_zone))
            for c in self.table.columns
            if c.default is not None
        ]
        # a table that can come as delta has the column always, so that the lake has one schema
        op = [pl.lit("I").alias(OP_COLUMN)] if self.table.kind == "D" and not self.is_delta else []
        return typed.with_columns(*defaults, *op)

    @cached_property
    def _values(self) -> list[pl.Expr]:
        values = [parsed(pl.col(c.name), c, self.time_zone).alias(c.name) for c in self.table.columns]
        return values + ([pl.col(OP_COLUMN)] if self.is_delta else [])

    @cached_property
    def _rules(self) -> list[pl.Expr]:
        is_delete = pl.col(OP_COLUMN).eq_missing("D") if self.is_delta else None
        rules = []
        for column in self.table.columns:
            rule = self._rule(column)
            if is_delete is not None and not column.key:
                rule = pl.when(~is_delete).then(rule)
            rules.append(rule.alias(column.name))
        if self.is_delta:
            op = Column(name=OP_COLUMN, type="code", pfi="none", zh="", about="", values=OP_VALUES)
            rules.append(self._rule(op).alias(OP_COLUMN))
        return rules

    def _rule(self, column: Column) -> pl.Expr:
        """Code of the first rule that the value breaks; null if none."""
        text, value = pl.col(f"text {column.name}"), pl.col(column.name)
        rules = [("text_undecodable", text.str.contains(UNDECODABLE, literal=True))]
        if column.required:
            rules.append(("value_missing", text.is_null()))
        if column.type not in ("id", "text", "code"):
            rules.append(("value_not_parsed", text.is_not_null() & value.is_null()))
        if column.values:
            listed = pl.Series(column.values)
            listed = listed.cast(pl.Int32) if column.type == "integer" else listed
            rules.append(("value_not_in_list", ~value.is_in(listed.implode())))
        if column.minimum is not None:
            least = parsed(pl.lit(column.minimum), column, self.time_zone)
            rules.append(("value_below_minimum", value < least))
        if column.type in ("date", "timestamp"):
            day = _local_date(value, self.time_zone) if column.type == "timestamp" else value
            impossible = day < pl.lit(EARLIEST)
            if column.past:
                impossible |= day > pl.lit(self.business_date)
            rules.append(("date_out_of_range", impossible))
        if column.month == "first_day":
            rules.append(("month_not_first_day", value.dt.day() != 1))
        for month in (c.name for c in self.table.columns if c.month_days == column.name):
            rules.append(("month_days_off", ~value.is_between(1, self._days_before(month))))
        return pl.coalesce(pl.when(is_broken).then(pl.lit(code)) for code, is_broken in rules)

    def _days_before(self, month: str) -> pl.Expr:
        """How many days of a month lie before the business date."""
        start = pl.col(month).dt.month_start()
        end = pl.min_horizontal(start.dt.offset_by("1mo"), pl.lit(self.business_date))
        return (end - start).dt.total_days()

    def _violations(
        self, sent: pl.DataFrame, texts: pl.DataFrame, rules: pl.DataFrame, broken: list[str]
    ) -> pl.DataFrame:
        is_bad = rules.select(pl.any_horizontal(pl.col(broken).is_not_null())).to_series()
        bad, rules = sent.filter(is_bad), rules.filter(is_bad)
        keys = texts.filter(is_bad).select(
            _shown(pl.concat_str([pl.col(k).fill_null("") for k in self.table.key], separator="|"))
        )
        rows = bad.with_columns(
            _shown(pl.col(self.text_columns)),
            row_key=keys.to_series(),
            record=pl.struct(_shown(pl.col(self.text_columns))).struct.json_encode(),
        )
        found = [
            rows.select(
                SOURCE_ROW,
                pl.lit(name).alias("column_name"),
                pl.col(name).alias("value"),
                rules[name].alias("rule_code"),
                "row_key",
                "record",
            ).filter(pl.col("rule_code").is_not_null())
            for name in broken
        ]
        return pl.concat(found).sort(SOURCE_ROW, maintain_order=True)


def shape_violations(misshapen: pl.DataFrame) -> pl.DataFrame:
    """The violations of records with more or fewer fields than the contract.

    Args:
        misshapen: ``source_row`` and ``record``, the record as text.
    """
    nothing = pl.lit(None, pl.String)
    return misshapen.select(
        SOURCE_ROW,
        nothing.alias("column_name"),
        nothing.alias("value"),
        pl.lit("row_shape").alias("rule_code"),
        nothing.alias("row_key"),
        # a JSON string, as other records are JSON objects
        pl.struct(_shown(pl.col("record"))).struct.json_encode().alias("record"),
    )


def parsed(text: pl.Expr, column: Column, time_zone: str) -> pl.Expr:
    """The typed value of a text; null where the text is not exactly a value of the type."""
    if column.type in ("id", "text", "code"):
        return text
    if column.type == "boolean":
        lower = text.str.to_lowercase()
        return pl.when(lower.is_in(_TRUE)).then(True).when(lower.is_in(_FALSE)).then(False)
    if column.type == "integer":
        # by way of a decimal: 30.00 is whole, 30.50 never gets here
        return _matching(text, _INTEGER).cast(pl.Decimal(38, 2), strict=False).cast(pl.Int32, strict=False)
    if column.type == "date":
        day = _matching(text, _DATE).str.to_date("%Y-%m-%d", strict=False)
        return day.dt.month_start() if column.month == "any_day" else day
    if column.type == "timestamp":
        return _timestamp(_matching(text, _TIMESTAMP), time_zone)
    dtype = lake_dtype(load_contract().lake_type(column))
    assert isinstance(dtype, pl.Decimal)
    # surplus decimals are lost money unless they are zeros
    exact = rf"^[+-]?(?:[0-9]+(?:\.[0-9]{{0,{dtype.scale}}}0*)?|\.[0-9]{{1,{dtype.scale}}}0*)$"
    return _matching(text, exact).cast(dtype, strict=False)


def lake_dtype(lake_type: str) -> pl.DataType:
    """The Polars type that is written as a DuckDB type of the lake."""
    if lake_type.startswith("DECIMAL("):
        precision, scale = lake_type.removeprefix("DECIMAL(").removesuffix(")").split(",")
        return pl.Decimal(int(precision), int(scale))
    return {
        "VARCHAR": pl.String(),
        "INTEGER": pl.Int32(),
        "BIGINT": pl.Int64(),
        "BOOLEAN": pl.Boolean(),
        "DATE": pl.Date(),
        "TIMESTAMP": pl.Datetime("us"),
    }[lake_type]


def _is_padded(name: str) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).str.ends_with(blank) for blank in _BLANKS)


def _means_none(day: pl.Expr) -> pl.Expr:
    return day.is_in(pl.Series(OPEN_DATES).implode()) | (day >= pl.lit(OPEN_FROM))


def _matching(text: pl.Expr, pattern: str) -> pl.Expr:
    return pl.when(text.str.contains(pattern)).then(text)


def _timestamp(text: pl.Expr, time_zone: str) -> pl.Expr:
    """UTC of an ISO timestamp; without offset it is bank-local, the earlier one where clocks go back."""
    offset = text.str.extract(f"({_OFFSET})")
    clock = text.str.replace(_OFFSET, "").str.replace(" ", "T", literal=True)
    with_seconds = pl.when(clock.str.len_chars() == 16).then(clock + ":00").otherwise(clock)
    local = with_seconds.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    zoned = local.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    digits = offset.str.replace(":", "", literal=True)
    sign = pl.when(digits.str.starts_with("-")).then(-1).otherwise(1)
    hours = digits.str.slice(1, 2).cast(pl.Int32, strict=False).fill_null(0)
    minutes = digits.str.slice(3, 2).cast(pl.Int32, strict=False).fill_null(0)
    shift = pl.duration(minutes=sign * (hours * 60 + minutes), time_unit="us")
    utc = zoned.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return pl.when(offset.is_null()).then(utc).otherwise(local - shift)


def _shown(text: pl.Expr) -> pl.Expr:
    """Texts as quarantine shows them; cut, one could name a customer whom an erasure does not find in it."""
    size = text.str.len_bytes()
    return pl.when(size <= MOST_SHOWN_BYTES).then(text).otherwise(pl.format("… {} bytes", size))


def _counted(counts: pl.DataFrame) -> dict[str, int]:
    """The counts of a frame's only row that are not 0, by column."""
    found = counts.row(0) if counts.width else ()
    return {name: count for name, count in zip(counts.columns, found, strict=True) if count}


def _local_date(utc: pl.Expr, time_zone: str) -> pl.Expr:
    """The bank's own day of an instant."""
    return utc.dt.replace_time_zone("UTC").dt.convert_time_zone(time_zone).dt.date()


def _no_violations() -> pl.DataFrame:
    columns = {name: t for name, t in VIOLATIONS.items() if name not in ("table_name", "source_file")}
    return pl.DataFrame(schema=columns)
