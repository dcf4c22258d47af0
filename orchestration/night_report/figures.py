"""What the report shows: aggregates of the night's own batch, of reports and of gate results."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.check_rules import without_names
from orchestration.ingestion.lake import read_report, table_files
from orchestration.night_report.assets import Assets, collect_assets
from orchestration.settings import BatchId, Settings
from orchestration.sql import Sql, fill, value

Row = TypeVar("Row", bound=BaseModel)

_MOST_PLACES = 5
_MOST_DAYS = 31


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Loaded(_Frozen):
    """One table of the batch."""

    table: str
    row_cnt: int
    refused_cnt: int


class Check(_Frozen):
    """One check that failed."""

    gate_code: str
    severity_code: str
    table: str
    check_code: str
    failing_cnt: int
    message: str


class Refused(_Frozen):
    """Where a refused row is: never what it says."""

    table: str
    rule_code: str
    column: str | None
    file: str
    row: int | None
    row_cnt: int


class TierRow(_Frozen):
    """Customers of a tier in the running month."""

    tier_code: str
    name_zh: str
    rank: int
    customer_cnt: int
    aum_amt: Decimal


class OrgRow(_Frozen):
    """An org's customers above ordinary in the running month."""

    org_id: str
    name: str
    customer_cnt: int
    tiered_cnt: int
    aum_amt: Decimal


class Move(_Frozen):
    """Customers who held one tier last month and hold another one now."""

    from_tier_code: str
    to_tier_code: str
    customer_cnt: int


class Point(_Frozen):
    """AUM at the end of a day or month."""

    day: date
    aum_amt: Decimal
    customer_cnt: int


class Sale(_Frozen):
    """What was sold of a product in tonight's batch; cancellations are taken off."""

    product: str
    trade_cnt: int
    amount_amt: Decimal


class StatusRow(_Frozen):
    """Customers at attention, or lost."""

    status_code: str
    customer_cnt: int
    aum_amt: Decimal


class Figures(_Frozen):
    """A night in figures; what a hand-made build database lacks is empty.

    Attributes:
        days: Nights' totals up to this one, carried on from report to report.
    """

    business_date: date
    sequence: int
    currency: str
    check_cnt: int = 0
    loaded: tuple[Loaded, ...] = ()
    failed: tuple[Check, ...] = ()
    refused: tuple[Refused, ...] = ()
    tiers: tuple[TierRow, ...] = ()
    orgs: tuple[OrgRow, ...] = ()
    moves: tuple[Move, ...] = ()
    months: tuple[Point, ...] = ()
    days: tuple[Point, ...] = ()
    statuses: tuple[StatusRow, ...] = ()
    sales: tuple[Sale, ...] = ()
    assets: Assets = Assets()

    @property
    def aum_amt(self) -> Decimal:
        """AUM at the end of the night."""
        return self.months[-1].aum_amt if self.months else Decimal(0)

    @property
    def customer_cnt(self) -> int:
        """Personal customers."""
        return self.months[-1].customer_cnt if self.months else 0

    @property
    def tiered_cnt(self) -> int:
        """Customers above ordinary."""
        return sum(tier.customer_cnt for tier in self.tiers if tier.rank > 0)


def read_figures(path: Path) -> Figures | None:
    """The figures of an earlier night; None where they cannot be read."""
    try:
        return Figures.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def collect(
    connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId, before: Figures | None
) -> Figures:
    """Read the figures of a night from the attached ``build`` database and the batch's report."""
    tables = {
        f"{schema}.{table}"
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'build'"
        ).fetchall()
    }
    month = batch.business_date.replace(day=1)

    def rows(kind: type[Row], needs: str, sql: str, **parts: Sql) -> tuple[Row, ...]:
        if not set(needs.split()) <= tables:
            return ()
        cursor = connection.execute(fill(sql, month=value(month), **parts))
        names = [column[0] for column in cursor.description]
        return tuple(kind(**dict(zip(names, row, strict=True))) for row in cursor.fetchall())

    rulebook = {"rulebook": value(settings.bank.rulebook)}
    names = _org_names(settings, batch)
    months = rows(Point, "customer_value.rpt_balance_band", _MONTHS)
    return Figures(
        business_date=batch.business_date,
        sequence=batch.sequence,
        currency=settings.bank.reporting_currency,
        check_cnt=_check_count(connection, batch),
        loaded=_loaded(settings, batch),
        failed=tuple(
            check.model_copy(update={"message": without_names(check.message)})
            for check in rows(Check, "quality.fct_check_result", _FAILED, **_batch(batch))
        ),
        refused=_refused(connection, settings, batch),
        tiers=rows(TierRow, f"{_MIGRATION} rules.tier_rules rules.tier_rulebooks", _TIERS, **rulebook),
        orgs=rows(OrgRow, _MIGRATION, _ORGS, names=names) if names else (),
        moves=rows(Move, _MIGRATION, _MOVES),
        months=months,
        days=_days(batch.business_date, months, before),
        statuses=rows(StatusRow, "customer_value.rpt_attention_lost_by_manager", _STATUSES),
        sales=_sales(connection, settings, batch),
        assets=collect_assets(rows, names, {"day": value(batch.business_date)}),
    )


_MIGRATION = "customer_value.rpt_tier_migration_monthly"

_MONTHS = """
    select month_start_date as day, sum(aum_amt) as aum_amt, sum(customer_cnt) as customer_cnt
    from build.customer_value.rpt_balance_band
    where scheme_code = (select min(scheme_code) from build.customer_value.rpt_balance_band)
        and month_start_date > {month} - interval 24 month and month_start_date <= {month}
    group by month_start_date order by month_start_date
"""
_TIERS = """
    select
        tiers.tier_code, tiers.tier_name_zh as name_zh, tiers.tier_rank as rank,
        coalesce(sum(moves.closing_cnt), 0) as customer_cnt,
        coalesce(sum(moves.aum_amt), 0) as aum_amt
    from build.rules.tier_rules as tiers
    inner join build.rules.tier_rulebooks as rulebooks
        on tiers.rulebook_version = rulebooks.rulebook_version and rulebooks.rulebook_code = {rulebook}
        and rulebooks.valid_from_month <= {month}
        and (rulebooks.valid_to_month is null or rulebooks.valid_to_month > {month})
    left join build.customer_value.rpt_tier_migration_monthly as moves
        on tiers.tier_code = moves.to_tier_code and moves.month_start_date = {month}
    group by all order by tiers.tier_rank desc
"""
_ORGS = """
    select
        moves.org_id, coalesce(orgs.org_name, moves.org_id) as name,
        sum(moves.closing_cnt) as customer_cnt,
        coalesce(sum(moves.closing_cnt) filter (where moves.to_tier_code <> 'ordinary'), 0) as tiered_cnt,
        sum(moves.aum_amt) as aum_amt
    from build.customer_value.rpt_tier_migration_monthly as moves
    left join ({names}) as orgs on moves.org_id = orgs.org_id
    where moves.month_start_date = {month} and moves.to_tier_code <> 'closed'
    group by all order by aum_amt desc, moves.org_id
"""
_MOVES = """
    select from_tier_code, to_tier_code, sum(customer_cnt) as customer_cnt
    from build.customer_value.rpt_tier_migration_monthly
    where month_start_date = {month}
    group by all having sum(customer_cnt) > 0 order by all
"""
_STATUSES = """
    select status_code, sum(customer_cnt) as customer_cnt, sum(aum_amt) as aum_amt
    from build.customer_value.rpt_attention_lost_by_manager
    where month_start_date = {month}
    group by all order by all
"""
_FAILED = """
    select gate_code, severity_code, table_name as table, check_code, failing_cnt, message
    from build.quality.fct_check_result
    where business_date = {day} and sequence = {sequence} and not is_passed
    order by all
"""
_CHECK_COUNT = """
    select count(*) from build.quality.fct_check_result where business_date = {day} and sequence = {sequence}
"""
_SALES = """
    select
        coalesce(products.sales_product_code, trades.product_code) as product,
        count(*) filter (where trades.status = 'live') - count(*) filter (where trades.status <> 'live')
            as trade_cnt,
        sum(case when trades.status = 'live' then trades.amount else -trades.amount end) as amount_amt
    from read_parquet($trades) as trades
    left join read_parquet($products) as products on trades.product_code = products.product_code
    group by all order by amount_amt desc, product
"""
_REFUSED = """
    select
        table_name as table, rule_code, column_name as column, source_file as file, source_row as row,
        count(*) over (partition by table_name, rule_code, column_name) as row_cnt
    from read_parquet($files, union_by_name = true)
    qualify row_number() over (
        partition by table_name, rule_code, column_name order by source_file, source_row
    ) <= $most
    order by all
"""


def _batch(batch: BatchId) -> dict[str, Sql]:
    return {"day": value(batch.business_date), "sequence": value(batch.sequence)}


def _check_count(connection: duckdb.DuckDBPyConnection, batch: BatchId) -> int:
    (count,) = connection.execute(fill(_CHECK_COUNT, **_batch(batch))).fetchone() or (0,)
    return int(count)


def _loaded(settings: Settings, batch: BatchId) -> tuple[Loaded, ...]:
    report = read_report(settings, batch)
    tables = {} if report is None else report.tables
    return tuple(
        Loaded(
            table=name, row_cnt=table.accepted_rows, refused_cnt=table.delivered_rows - table.accepted_rows
        )
        for name, table in tables.items()
    )


def _refused(
    connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId
) -> tuple[Refused, ...]:
    files = [str(path) for path in sorted((settings.quarantine / batch.folder).glob("*.parquet"))]
    if not files:
        return ()
    cursor = connection.execute(_REFUSED, {"files": files, "most": _MOST_PLACES})
    names = [column[0] for column in cursor.description]
    return tuple(Refused(**dict(zip(names, row, strict=True))) for row in cursor.fetchall())


def _org_names(settings: Settings, batch: BatchId) -> Sql | None:
    """A query for the names of orgs; None if the batch has none."""
    files = table_files(settings, "org", batch)
    if not files:
        return None
    paths = ", ".join(value(path) for path in files)
    return Sql(f"select org_id, org_name from read_parquet([{paths}])")  # noqa: S608 - quoted by value()


def _days(today: date, months: Sequence[Point], before: Figures | None) -> tuple[Point, ...]:
    earlier = [point for point in (before.days if before else ()) if point.day < today]
    if not months:
        return tuple(earlier)
    point = months[-1].model_copy(update={"day": today})
    return tuple([*earlier, point][-_MOST_DAYS:])


def _sales(connection: duckdb.DuckDBPyConnection, settings: Settings, batch: BatchId) -> tuple[Sale, ...]:
    files = {
        "trades": [str(path) for path in table_files(settings, "sales_trade", batch)],
        "products": [str(path) for path in table_files(settings, "product", batch)],
    }
    if not all(files.values()):
        return ()
    cursor = connection.execute(_SALES, files)
    names = [column[0] for column in cursor.description]
    return tuple(Sale(**dict(zip(names, row, strict=True))) for row in cursor.fetchall())
