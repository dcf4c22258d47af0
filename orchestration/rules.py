"""The live rulebook of the seeds: whether what nights carry was judged by it.

A tier's months below are carried from night to night, and a sale is only looked at again when something about
it is new. Under another rulebook, or another text of a version that has been in force, they would be neither
the old figures nor the new ones: then history has to be computed again. A version for
months to come changes nothing that is carried.
"""

import csv
from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256

import duckdb

from orchestration.errors import ConfigurationError
from orchestration.settings import PROJECT, Settings

_RULES = PROJECT / "seeds" / "rules"
_VERSIONED = ("tier_rules", "tier_factor_rules", "tier_status_rules")


def fingerprint(rulebook: str, through: date) -> str:
    """Checksum of all that the rulebook says of months up to that of a day, and of the rules of sales."""
    return _checksum(*_tier_rules(rulebook, through), _sales_rules(through))


def tier_fingerprint(rulebook: str, through: date) -> str:
    """Checksum of all that the rulebook says of months up to that of a day."""
    return _checksum(*_tier_rules(rulebook, through))


def _tier_rules(rulebook: str, through: date) -> tuple[Sequence[object], Sequence[object]]:
    month = str(through.replace(day=1))
    versions = {}
    for row in _rows("tier_rulebooks"):
        if row["rulebook_code"] == rulebook and row["valid_from_month"] <= month:
            # that it ends some day is not yet of consequence
            ends = row["valid_to_month"] if row["valid_to_month"] < month else ""
            # nor does it judge in which currency its amounts are meant
            judges = {column: said for column, said in row.items() if column != "currency_code"}
            versions[row["rulebook_version"]] = sorted({**judges, "valid_to_month": ends}.items())
    rules = [
        (seed, sorted(row.items()))
        for seed in _VERSIONED
        for row in _rows(seed)
        if row["rulebook_version"] in versions
    ]
    return sorted(versions.items()), sorted(rules)


def _sales_rules(through: date) -> Sequence[object]:
    day = str(through)
    return sorted(
        sorted({**row, "valid_to_date": row["valid_to_date"] if row["valid_to_date"] < day else ""}.items())
        for row in _rows("sales_product_rules")
        if row["valid_from_date"] <= day
    )


def _checksum(*rules: Sequence[object]) -> str:
    return sha256(repr(rules).encode()).hexdigest()


def require_same_rulebook(settings: Settings, connection: duckdb.DuckDBPyConnection, previous: date) -> None:
    """Refuse to go on from a night that was judged by another rulebook.

    Raises:
        ConfigurationError: It was; the message says what to run.
    """
    try:
        found = connection.execute(
            "select rulebook_code, fingerprint from pipeline.night_rulebook where business_date = ?",
            [previous],
        ).fetchone()
    except duckdb.CatalogException:
        return
    if found is None or found[1] == fingerprint(settings.bank.rulebook, previous):
        return
    code = settings.bank.rulebook
    what = f"by rulebook {found[0]}, now it is {code}" if found[0] != code else f"by other rules of {code}"
    raise ConfigurationError(
        f"Tiers and sales up to {previous} were judged {what}. Run `acrm rebuild`: it judges all history "
        "anew (or set back the rulebook in bank.yml or seeds/rules). What is published stays until then."
    )


def note_rulebook(settings: Settings, connection: duckdb.DuckDBPyConnection, night: date) -> None:
    """Keep by which rulebook a night was judged."""
    connection.execute(
        "create table if not exists pipeline.night_rulebook"
        " (business_date date primary key, rulebook_code varchar, fingerprint varchar)"
    )
    connection.execute("delete from pipeline.night_rulebook where business_date >= ?", [night])
    connection.execute(
        "insert into pipeline.night_rulebook values (?, ?, ?)",
        [night, settings.bank.rulebook, fingerprint(settings.bank.rulebook, night)],
    )


def _rows(seed: str) -> Iterator[dict[str, str]]:
    with (_RULES / f"{seed}.csv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
