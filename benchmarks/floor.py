"""The floor: a night by hand, in DuckDB alone, from the bank's files to the published AUM and tier tables.

No lake, no gates, no dbt, no releases: what a night costs when only the arithmetic is done. Its figures are
compared with the release's (:mod:`benchmarks.compare`), so that it leaves nothing out that they need.

    python -m benchmarks.floor --home FOLDER [--until YYYY-MM-DD]
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import duckdb

from contract.model import OP_COLUMN, load_contract
from orchestration.errors import BadBatchError, ConfigurationError
from orchestration.ingestion.landing import landed_batches
from orchestration.ingestion.manifest import TableDelivery, read_manifest
from orchestration.plan import highest_sequences
from orchestration.settings import PROJECT, BatchId, Settings, private_folder
from orchestration.sql import Sql, fill, join, name, value

FOLDER = "floor"
MONTHLY = (
    "fct_customer_aum_monthly",
    "fct_customer_aum_part_monthly",
    "fct_customer_tier_monthly",
    "fct_customer_tier_status_monthly",
    "fct_tier_event",
    "fct_tier_reason",
)
DAILY = ("fct_customer_aum_daily",)
TABLES = (*MONTHLY, *DAILY)
"""What the floor publishes: the tables of AUM and of tiers."""

_PAST = Sql(
    """
    union all
    select
        customer_id, org_id, asset_class, source, balance_month as month_start_date, plain_aum_amt,
        odd_aum_amt, plain_sum_amt, odd_sum_amt
    from valued_history
    where balance_month = getvariable('month_in_hand')
        and balance_month < month_start(getvariable('business_date'))
    """
)
"""The months before the first night, of which the bank sends totals."""

_SENT = (
    "account", "account_owner", "card", "card_balance", "card_txn", "customer", "deposit_balance", "fx_rate",
    "investment_position", "loan", "loan_balance", "monthly_balance_history", "monthly_loan_history",
    "product",
)  # fmt: skip
_RULES = {
    "rulebook": (
        "tier_rulebooks",
        "rulebook_code, rulebook_version, aum_basis_code, cast(valid_from_month as date) as valid_from_month,"
        " cast(valid_to_month as date) as valid_to_month,"
        " cast(lost_report_months as integer) as lost_report_months,"
        " cast(card_spend_months as integer) as card_spend_months",
    ),
    "tier": (
        "tier_rules",
        "rulebook_version, tier_code, cast(tier_rank as integer) as tier_rank,"
        " cast(aum_from_amt as decimal(18, 2)) as aum_from_amt,"
        " cast(window_months as integer) as window_months",
    ),
    "tier_factor": (
        "tier_factor_rules",
        "rulebook_version, factor_code, cast(factor_order as integer) as factor_order, tier_code,"
        " cast(threshold_amt as decimal(18, 2)) as threshold_amt",
    ),
    "tier_status": (
        "tier_status_rules",
        "rulebook_version, tier_code, status_code, cast(below_from_months as integer) as below_from_months,"
        " cast(below_to_months as integer) as below_to_months",
    ),
    "loan_factor": ("loan_factor_rules", "loan_class_code, factor_code"),
    "card_factor": ("card_factor_rules", "card_kind_code, card_grade_code"),
}


def floor_database(settings: Settings) -> Path:
    """The floor's state and the newest months of its five tables."""
    return settings.home / FOLDER / "floor.duckdb"


def floor_parquet(settings: Settings, table: str) -> Path:
    """Every month of one of the floor's tables."""
    return settings.home / FOLDER / "parquet" / table


@contextmanager
def _connection(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    private_folder(settings.home / FOLDER)
    with duckdb.connect(str(floor_database(settings))) as connection:
        connection.execute("set memory_limit = $limit", {"limit": settings.bank.memory_limit})
        connection.execute("set threads = $threads", {"threads": settings.bank.threads})
        connection.execute("set preserve_insertion_order = false")
        yield connection


def run_floor(settings: Settings, until: date | None = None) -> list[BatchId]:
    """Compute every night that is waiting; the newest one again if its batch was sent again."""
    with _connection(settings) as connection:
        _run_sql(connection, "1_state")
        rows = connection.execute("select business_date, sequence from night order by 1").fetchall()
        done = [BatchId(*row) for row in rows]
        waiting = [
            batch
            for batch in highest_sequences(landed_batches(settings)).values()
            if batch not in done and (until is None or batch.business_date <= until)
        ]
        for batch in waiting:
            earlier = [night for night in done if night.business_date < batch.business_date]
            if len(done) - len(earlier) > 1:
                raise ConfigurationError(f"{batch}: the floor can run only its newest night again.")
            _night(connection, settings, batch, earlier[-1].business_date if earlier else None)
            done = [*earlier, batch]
    if len(waiting) == len(done):
        _compact(settings)
    return waiting


def _night(
    connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId, last: date | None
) -> None:
    tonight = batch.business_date
    last_date = last or tonight - timedelta(days=1)
    holding = {"tonight": _holding(tonight), "last": _holding(last_date)}
    variables = {
        "business_date": value(tonight),
        "last_date": value(last_date),
        # no day lies between the history and the first night
        "silent_from": value(tonight if last is None else last_date + timedelta(days=1)),
        "is_first": Sql("true" if last is None else "false"),
        "rulebook": value(settings.bank.rulebook),
        "reporting_currency": value(settings.bank.reporting_currency),
    }
    for key, content in variables.items():
        connection.execute(fill("set variable {key} = {content}", key=name(key), content=content))
    _create_rules(connection)
    _create_sent_views(connection, settings, batch, is_first=last is None)
    _run_sql(connection, "2_changes")
    if last is None:
        _run_sql(connection, "3_history", **holding)
    _run_sql(connection, "4_holdings", **holding)
    for month in _months_in_hand(connection, is_first=last is None):
        connection.execute(fill("set variable month_in_hand = {month}", month=value(month)))
        _run_sql(connection, "5_aum", **holding, past=_PAST if last is None else Sql(""))
        _run_sql(connection, "6_parts")
        _run_sql(connection, "7_tiers", **holding)
        if month in (None, tonight.replace(day=1)):
            _run_sql(connection, "8_daily", **holding)
        _write_parquet(connection, settings, last_date)
        _run_sql(connection, "9_forget")
    _forget(connection, {holding["tonight"], holding["last"]})
    connection.execute("delete from night where business_date >= $date", {"date": tonight})
    connection.execute("insert into night values (?, ?)", [tonight, batch.sequence])
    connection.execute("checkpoint")


def _months_in_hand(connection: duckdb.DuckDBPyConnection, *, is_first: bool) -> list[date | None]:
    """Months that are computed together: all of tonight's (None), but the history's one after the other."""
    if not is_first:
        return [None]
    rows = connection.execute("select month_start_date from computed_months order by 1").fetchall()
    return [month for (month,) in rows]


def _compact(settings: Settings) -> None:
    """Give the room back that the first night's past months took."""
    path = floor_database(settings)
    compact = path.with_suffix(".compact")
    compact.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(fill("attach {path} as old (read_only)", path=value(path)))
        connection.execute(fill("attach {path} as new", path=value(compact)))
        connection.execute("copy from database old to new")
    compact.replace(path)


def _run_sql(connection: duckdb.DuckDBPyConnection, script: str, **parts: Sql) -> None:
    text = (Path(__file__).parent / "floor_sql" / f"{script}.sql").read_text(encoding="utf-8")
    connection.execute(fill(text, **parts))


def _holding(night: date) -> Sql:
    return name(f"holding_{night:%Y%m%d}")


def _forget(connection: duckdb.DuckDBPyConnection, kept: set[Sql]) -> None:
    tables = connection.execute(
        "select table_name from duckdb_tables() where starts_with(table_name, 'holding_')"
    ).fetchall()
    for (table,) in tables:
        if name(table) not in kept:
            connection.execute(fill("drop table {table}", table=name(table)))


def _create_rules(connection: duckdb.DuckDBPyConnection) -> None:
    for table, (seed, columns) in _RULES.items():
        connection.execute(
            fill(
                "create or replace temp table {table} as"
                " select {columns} from read_csv({path}, all_varchar = true)",
                table=name(table),
                columns=Sql(columns),
                path=value(PROJECT / "seeds" / "rules" / f"{seed}.csv"),
            )
        )
    connection.execute("delete from rulebook where rulebook_code <> getvariable('rulebook')")


def _create_sent_views(
    connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId, *, is_first: bool
) -> None:
    folder = settings.landing / batch.folder
    tables = read_manifest(folder, batch).tables
    for table in _SENT:
        rows = _sent_rows(folder, table, tables.get(table), is_first=is_first)
        connection.execute(
            fill("create or replace temp view {view} as {rows}", view=name(f"sent_{table}"), rows=rows)
        )


def _sent_rows(folder: Path, table: str, sent: TableDelivery | None, *, is_first: bool) -> Sql:
    """A delivered table with the contract's types, straight from the bank's files."""
    contract = load_contract()
    layout = contract.table(table)
    types = {column.name: contract.lake_type(column) for column in layout.columns}
    if sent is None or not sent.files:
        types |= {OP_COLUMN: "VARCHAR"} if layout.kind == "D" else {}
        empty = (
            fill("cast(null as {type}) as {column}", type=Sql(kind), column=name(column))
            for column, kind in types.items()
        )
        return fill("select {columns} where false", columns=join(", ", empty))
    if layout.kind == "D" and sent.load == "full" and not is_first:
        raise ConfigurationError(f"{folder.name}: {table} is sent in full, which the floor does not read.")
    files = join(", ", (value(folder / file.name) for file in sent.files))
    types |= {OP_COLUMN: "VARCHAR"} if sent.load == "delta" else {}
    if sent.format.kind == "parquet":
        source = fill("read_parquet([{files}], hive_partitioning = false)", files=files)
    else:
        if sent.format.encoding != "utf-8":
            raise ConfigurationError(f"{table}: the floor reads utf-8 only.")
        columns = join(", ", (fill("{k}: {v}", k=value(k), v=value(v)) for k, v in types.items()))
        source = fill(
            "read_csv([{files}], columns = {columns}, auto_detect = false, delim = {delimiter}, quote = '\"',"
            " escape = '\"', header = {header}, compression = {compression}, hive_partitioning = false)",
            files=files,
            columns=Sql("{" + columns + "}"),
            delimiter=value(sent.format.delimiter),
            header=Sql("true" if sent.format.header else "false"),
            compression=value(sent.format.compression),
        )
    op = Sql("") if layout.kind != "D" or sent.load == "delta" else Sql(", 'I' as op")
    return fill("select *{op} from {source}", op=op, source=source)


def _write_parquet(connection: duckdb.DuckDBPyConnection, settings: Settings, last_date: date) -> None:
    """One file per table and month in hand; of the daily tables one per day that tonight added."""
    months = connection.execute("select month_start_date from months order by 1").fetchall()
    days = connection.execute(
        "select distinct calendar_date from fct_customer_aum_daily where business_date > ? order by 1",
        [last_date],
    ).fetchall()
    parts = [(table, "month_start_date", month) for table in MONTHLY for (month,) in months]
    parts += [(table, "calendar_date", day) for table in DAILY for (day,) in days]
    for table, column, first in parts:
        folder = private_folder(floor_parquet(settings, table))
        connection.execute(
            fill(
                "copy (select * from {table} where {column} = {first}) to {path}"
                " (format parquet, compression zstd, compression_level 1)",
                table=name(table),
                column=name(column),
                first=value(first),
                path=value(folder / f"{first}.parquet"),
            )
        )


def main() -> None:
    """Run the floor of one warehouse's landing folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--until", type=date.fromisoformat)
    arguments = parser.parse_args()
    try:
        run_floor(Settings.load(arguments.home), arguments.until)
    except (BadBatchError, ConfigurationError) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
