"""The Berka tables as the challenge published them, read and typed.

Put here: files, formats, types, and the facts about the data set that the mapping leans on. Keep out:
anything about the extract contract (``berka_mapping``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import polars as pl

from orchestration.errors import ConfigurationError

SUFFIXES = (".parquet", ".csv", ".asc")

MONEY = pl.Decimal(18, 2)

Kind = Literal["id", "text", "code", "day", "birth", "money", "integer"]


class Field(NamedTuple):
    """One column that is used, and what it has to hold."""

    kind: Kind
    codes: tuple[str, ...] = ()
    nullable: bool = False


# The first column is the key. Columns that nothing is mapped from are not read: docs/berka.md lists them.
FIELDS: dict[str, dict[str, Field]] = {
    "district": {"A1": Field("id"), "A2": Field("text"), "A3": Field("text")},
    "account": {"account_id": Field("id"), "district_id": Field("id"), "date": Field("day")},
    "client": {"client_id": Field("id"), "birth_number": Field("birth"), "district_id": Field("id")},
    "disp": {
        "disp_id": Field("id"),
        "client_id": Field("id"),
        "account_id": Field("id"),
        "type": Field("code", ("OWNER", "DISPONENT")),
    },
    "loan": {
        "loan_id": Field("id"),
        "account_id": Field("id"),
        "date": Field("day"),
        "amount": Field("money"),
        "duration": Field("integer"),
    },
    "card": {
        "card_id": Field("id"),
        "disp_id": Field("id"),
        "type": Field("code", ("junior", "classic", "gold")),
        "issued": Field("day"),
    },
    "trans": {
        "trans_id": Field("id"),
        "account_id": Field("id"),
        "date": Field("day"),
        "type": Field("code", ("PRIJEM", "VYDAJ", "VYBER")),
        "operation": Field(
            "code",
            ("VKLAD", "VYBER", "VYBER KARTOU", "PREVOD Z UCTU", "PREVOD NA UCET"),
            nullable=True,
        ),
        "amount": Field("money"),
        "k_symbol": Field(
            "code",
            ("UROK", "SLUZBY", "SIPO", "DUCHOD", "POJISTNE", "UVER", "SANKC. UROK"),
            nullable=True,
        ),
        "bank": Field("text", nullable=True),
        "account": Field("text", nullable=True),
    },
}

REFERENCES = (
    ("account", "district_id", "district"),
    ("client", "district_id", "district"),
    ("disp", "client_id", "client"),
    ("disp", "account_id", "account"),
    ("loan", "account_id", "account"),
    ("card", "disp_id", "disp"),
    ("trans", "account_id", "account"),
)


@dataclass(frozen=True)
class BerkaSource:
    """The tables in use, ids as text, each ordered by the number its key stands for."""

    district: pl.DataFrame
    account: pl.DataFrame
    client: pl.DataFrame
    disp: pl.DataFrame
    loan: pl.DataFrame
    card: pl.DataFrame
    trans: pl.DataFrame


def read_source(folder: Path) -> BerkaSource:
    """Read the tables of ``folder``, each as ``.parquet``, ``.csv`` or the original ``.asc``.

    Raises:
        ConfigurationError: A table is missing or there twice, cannot be read, or holds a value or a
            reference that the mapping has no answer to.
    """
    source = BerkaSource(**{table: _read_table(folder, table) for table in FIELDS})
    _check_facts(source)
    return source


def gender(birth_number: pl.Expr) -> pl.Expr:
    """F or M: a birth number has 50 added to a woman's month."""
    return pl.when(_birth_month(birth_number) > 50).then(pl.lit("F")).otherwise(pl.lit("M"))


def birth_date(birth_number: pl.Expr) -> pl.Expr:
    """Date of birth; every birth number of the data set is of the 20th century."""
    month = (_birth_month(birth_number) % 50).cast(pl.String).str.zfill(2)
    return _day(birth_number.str.slice(0, 2) + month + birth_number.str.slice(4, 2))


def _read_table(folder: Path, table: str) -> pl.DataFrame:
    path = _find(folder, table)
    fields = FIELDS[table]
    try:
        raw = pl.read_parquet(path) if path.suffix == ".parquet" else _read_text(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ConfigurationError(
            f"{path}: cannot be read as {path.suffix[1:]} ({type(error).__name__}). Fetch the file again."
        ) from error
    missing = [name for name in fields if name not in raw.columns]
    if missing:
        raise ConfigurationError(
            f"{path}: column {', '.join(missing)} is missing. The header row has to have the original names."
        )
    # everything is read as text and typed on purpose, so that all formats go the same way
    text = raw.select(pl.col(name).cast(pl.String).str.strip_chars().replace("", None) for name in fields)
    typed = text.select(_typed(pl.col(name), field).alias(name) for name, field in fields.items())
    _check_values(path, fields, text, typed)
    return typed.sort(pl.col(next(iter(fields))).cast(pl.Int64))


def _find(folder: Path, table: str) -> Path:
    there = [path for suffix in SUFFIXES if (path := folder / f"{table}{suffix}").is_file()]
    if len(there) == 1:
        return there[0]
    if there:
        names = ", ".join(path.name for path in there)
        raise ConfigurationError(f"{folder}: {names} are the same table. Leave one of them.")
    raise ConfigurationError(
        f"{folder}: no {table}{', '.join(SUFFIXES)}. The folder has to hold the tables {', '.join(FIELDS)}."
    )


def _read_text(path: Path) -> pl.DataFrame:
    with path.open("rb") as lines:
        header = lines.readline()
    # the original is separated by semicolons; converted copies mostly by commas
    return pl.read_csv(path, separator=";" if b";" in header else ",", infer_schema=False)


def _typed(text: pl.Expr, field: Field) -> pl.Expr:
    """The typed value; null where the text does not say one."""
    match field.kind:
        case "id":
            return pl.when(text.str.contains(r"^\d{1,18}$")).then(text)
        case "integer":
            return pl.when(text.str.contains(r"^\d{1,9}$")).then(text).cast(pl.Int64)
        case "money":
            return pl.when(text.str.contains(r"^\d{1,16}(\.\d{1,2})?$")).then(text).cast(MONEY)
        case "day":
            # card.issued has a time part that is always midnight
            return _day(text.str.strip_suffix(" 00:00:00"))
        case "birth":
            return pl.when(birth_date(text).is_not_null()).then(text)
        case "code":
            return pl.when(text.is_in(field.codes)).then(text)
        case "text":
            return text


def _day(text: pl.Expr) -> pl.Expr:
    """A date from ``yymmdd``; the whole data set lies in the 20th century."""
    whole = pl.when(text.str.contains(r"^\d{6}$")).then(pl.lit("19") + text)
    return whole.str.to_date("%Y%m%d", strict=False)


def _birth_month(birth_number: pl.Expr) -> pl.Expr:
    return birth_number.str.slice(2, 2).cast(pl.Int32, strict=False)


def _check_values(path: Path, fields: dict[str, Field], text: pl.DataFrame, typed: pl.DataFrame) -> None:
    for name, field in fields.items():
        faulty = typed[name].is_null() & (text[name].is_not_null() | (not field.nullable))
        if faulty.any():
            row = faulty.arg_true()[0] + 1
            raise ConfigurationError(
                f"{path}: {faulty.sum()} values of {name} are not a Berka {field.kind}, the first in row "
                f"{row}. Mend the file or fetch it again."
            )
    key = next(iter(fields))
    if typed[key].is_duplicated().any():
        raise ConfigurationError(f"{path}: {key} is not unique. Mend the file or fetch it again.")


def _check_facts(source: BerkaSource) -> None:
    """Refuse data without the properties that the mapping leans on."""
    for table, column, parent in REFERENCES:
        rows: pl.DataFrame = getattr(source, table)
        known: pl.DataFrame = getattr(source, parent)
        unknown = rows.filter(~pl.col(column).is_in(known.to_series(0).implode())).height
        if unknown:
            raise ConfigurationError(
                f"{table}: {unknown} rows name a {column} that {parent} does not have. Complete the folder."
            )
    owners = source.disp.filter(pl.col("type") == "OWNER")["account_id"]
    if owners.is_duplicated().any() or owners.len() != source.account.height:
        raise ConfigurationError("disp: an account has no OWNER or more than one; its holder is unknown.")
    if source.loan["account_id"].is_duplicated().any():
        raise ConfigurationError("loan: an account has two loans; loan payments do not say which they pay.")
    unnamed = pl.col("operation").is_null() & pl.col("k_symbol").ne_missing("UROK")
    if source.trans.filter(unnamed).height:
        raise ConfigurationError("trans: a row without operation is no interest (UROK); its kind is unknown.")
    opened = source.account.select("account_id", opened="date")
    early = source.trans.join(opened, on="account_id").filter(pl.col("date") < pl.col("opened")).height
    if early:
        raise ConfigurationError(f"trans: {early} rows are dated before their account opened.")
