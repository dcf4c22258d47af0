"""A rulebook as rows: temporary tables like the published rule tables, for the macros to read."""

import duckdb

from orchestration.sql import Sql, fill, name
from orchestration.what_if.rulebook import Rulebook

_TABLES = ("rulebooks", "tiers", "factors", "statuses")


def write_rules(connection: duckdb.DuckDBPyConnection, rulebook: Rulebook) -> None:
    """The rulebook as temporary tables, of the columns of the published rule tables."""
    seeds = ("tier_rulebooks", "tier_rules", "tier_factor_rules", "tier_status_rules")
    for table, seed in zip(_TABLES, seeds, strict=True):
        connection.execute(
            fill(
                "create or replace temp table {table} as select * from {seed} where false",
                table=_temporary(table),
                seed=name("rules", seed),
            )
        )
    for number, version in enumerate(rulebook.versions):
        version_name = rulebook.version_name(number)
        _insert(
            connection,
            "rulebooks",
            rulebook_code=rulebook.code,
            rulebook_version=version_name,
            valid_from_month=version.valid_from_month,
            valid_to_month=version.valid_to_month,
            aum_basis_code=version.aum_basis,
            lost_report_months=version.lost_report_months,
        )
        _insert(connection, "tiers", rulebook_version=version_name, tier_code=version.ordinary, tier_rank=0)
        for rank, tier in enumerate(reversed(version.tiers), start=1):
            of_tier = {"rulebook_version": version_name, "tier_code": tier.code}
            _insert(
                connection,
                "tiers",
                **of_tier,
                tier_rank=rank,
                aum_from_amt=tier.aum,
                window_months=tier.window_months,
            )
            for factor, order, threshold in tier.factors():
                _insert(
                    connection,
                    "factors",
                    **of_tier,
                    factor_code=factor,
                    factor_order=order,
                    threshold_amt=threshold,
                )
            for status, first, last in tier.bands():
                _insert(
                    connection,
                    "statuses",
                    **of_tier,
                    status_code=status,
                    below_from_months=first,
                    below_to_months=last,
                )


def _temporary(table: str) -> Sql:
    return name("temp", f"what_if_{table}")


def _insert(connection: duckdb.DuckDBPyConnection, table: str, **row: object) -> None:
    columns = Sql(", ".join(name(column) for column in row))
    places = Sql(", ".join("?" for _ in row))
    insert = fill(
        "insert into {table} ({columns}) values ({places})",
        table=_temporary(table),
        columns=columns,
        places=places,
    )
    connection.execute(insert, list(row.values()))
