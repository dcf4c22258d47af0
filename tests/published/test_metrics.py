"""``acrm metric``: every published metric equals the marts to the cent, and nothing is added twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import duckdb
import pytest

from orchestration.errors import QueryError
from orchestration.metrics.ask import find_metric, metric_query
from orchestration.metrics.definitions import Definition, read_semantic_layer
from orchestration.releases.catalog import CatalogTable, read_catalog
from tests.support.warehouse import Warehouse

LAYER = read_semantic_layer()


@pytest.fixture(scope="module")
def tables(town: Warehouse) -> dict[str, CatalogTable]:
    return {table.full_name: table for table in read_catalog(town.current.resolve()).tables}


@pytest.fixture(scope="module")
def release(town: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    with town.reader() as connection:
        yield connection


def table_of(metric: Definition) -> str:
    return f"{metric.model.schema}.{metric.model.table}"


def asked(release: duckdb.DuckDBPyConnection, metric: Definition, by: Iterable[str] = (), where: str = ""):
    return release.execute(metric_query(LAYER, metric, list(by), where)).fetchall()


def test_asked_by_the_grain_every_metric_is_what_the_mart_says(
    release: duckdb.DuckDBPyConnection, tables: dict[str, CatalogTable]
):
    wrong = []
    for metric in LAYER.metrics.values():
        grain = tables[table_of(metric)].grain
        grain = [*grain, *(key for key in metric.not_over if key not in grain)]
        listed = ", ".join(f'"{key}"' for key in grain)
        mart = release.execute(f'select {listed}, "{metric.column}" from {table_of(metric)}').fetchall()
        if sorted(map(repr, mart)) != sorted(map(repr, asked(release, metric, grain))):
            wrong.append(metric.name)

    assert wrong == []


def test_asked_as_coarsely_as_it_may_be_every_metric_is_the_sum_that_python_makes(
    release: duckdb.DuckDBPyConnection,
):
    wrong = []
    for metric in LAYER.metrics.values():
        parts = metric.parts or (metric,)
        columns = [*metric.not_over, *(part.column for part in parts)]
        time = f'"{metric.model.time}"' if metric.model.time_sql == metric.model.time else "null"
        listed = ", ".join(f'"{column}"' for column in columns)
        rows = release.execute(f"select {time}, {listed} from {table_of(metric)}").fetchall()
        nothing = {(None,)}
        if {*asked(release, metric, metric.not_over)} - nothing != {*by_hand(metric, parts, rows)} - nothing:
            wrong.append(metric.name)

    assert wrong == []


def by_hand(
    metric: Definition, parts: Iterable[Definition], rows: list[tuple[Any, ...]]
) -> Iterator[tuple[Any, ...]]:
    """The answers by group, from the mart's rows: time, what it is not added over, and its figures."""
    keys = len(metric.not_over)
    groups: dict[tuple[Any, ...], list[list[Any]]] = defaultdict(lambda: [[] for _ in parts])
    for n, part in enumerate(parts):
        times = [row[0] for row in rows]
        counting = {"max": max, "min": min}[part.window](times) if part.window and times else None
        for row in rows:
            if part.window is None or row[0] == counting:
                groups[row[1 : 1 + keys]][n].append(row[1 + keys + n])
    for key, figures in groups.items():
        known = [[figure for figure in column if figure is not None] for column in figures]
        if metric.parts is None:
            (column,) = known
            added = sum if metric.aggregation == "sum" else max
            yield (*key, added(column) if column else None)
        else:
            part, whole = (sum(column) if column else None for column in known)
            yield (*key, None if part is None or not whole else rounded(Decimal(part) / Decimal(whole)))


def rounded(share: Decimal) -> Decimal:
    return share.quantize(Decimal("0.000001"), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("name", "by", "report"),
    [
        (
            "account_contribution_monthly_contribution_amt",
            "org,month_start_date",
            "select org_id, month_start_date, own_amt from contribution.agg_org_contribution_monthly",
        ),
        (
            "account_contribution_monthly_eva_amt",
            "product,month_start_date",
            "select product_code, month_start_date, eva_amt"
            " from contribution.agg_product_contribution_monthly",
        ),
        (
            "customer_contribution_monthly_fee_income_amt",
            "tier_code,month",
            "select tier_code, month_start_date, fee_income_amt"
            " from contribution.agg_tier_contribution_monthly",
        ),
        (
            "customer_tier_monthly_assessment_aum_amt",
            "org,month",
            "select org_id, month_start_date, assessment_aum_amt from customer_value.agg_org_aum_monthly",
        ),
        (
            "customer_aum_part_monthly_aum_end_amt",
            "org,month",
            "select org_id, month_start_date, aum_end_amt from customer_value.agg_org_aum_monthly",
        ),
        (
            "aum_bridge_monthly_net_new_money_amt",
            "org,opening_tier_code,month",
            "select org_id, tier_code, month_start_date, net_new_money_amt"
            " from monitoring.agg_aum_bridge_monthly",
        ),
    ],
)
def test_a_metric_by_org_or_tier_is_what_the_report_says(
    release: duckdb.DuckDBPyConnection, name: str, by: str, report: str
):
    said = [row for row in release.execute(report).fetchall() if row[-1]]

    assert said
    assert sorted(map(repr, said)) == sorted(
        repr(row) for row in asked(release, LAYER.metrics[name], by.split(",")) if row[-1]
    )


def test_of_several_months_a_stock_is_of_the_last_and_a_flow_of_all(release: duckdb.DuckDBPyConnection):
    stock, flow = (
        LAYER.metrics[name]
        for name in ("customer_aum_monthly_aum_end_amt", "customer_aum_monthly_balance_sum_amt")
    )
    stocks, flows = asked(release, stock, ["month"]), asked(release, flow, ["month"])

    assert len(stocks) > 2 and len(flows) > 1
    assert asked(release, stock, ["year"])[-1][1] == stocks[-1][1]
    assert asked(release, flow) == [(sum(amount for _, amount in flows),)]


def test_a_condition_and_a_name_of_the_org_go_with_it(release: duckdb.DuckDBPyConnection):
    metric = LAYER.metrics["customer_tier_monthly_assessment_aum_amt"]
    where = "tier_code = 'gold' and month_start_date >= date '2026-09-01'"

    assert (
        asked(release, metric, ["org__org_name", "month"], where)
        == release.execute(
            "select org_name, month_start_date, sum(assessment_aum_amt)::decimal(36, 2)"
            " from customer_value.fct_customer_tier_monthly as tiers"
            " left join reference.dim_org on owning_org_id = org_id"
            f" where {where} group by all order by all nulls last"
        ).fetchall()
    )


def test_what_tells_a_thing_twice_is_not_added(release: duckdb.DuckDBPyConnection):
    metric = find_metric(LAYER, "balance_band_customer_cnt")
    with pytest.raises(QueryError, match="not added over scheme_code"):
        metric_query(LAYER, metric, ["month"])
    with pytest.raises(QueryError, match="not added over scheme_code"):
        metric_query(LAYER, metric, ["month"], "scheme_code = 'a' or scheme_code = 'b'")
    ((scheme,), *_) = release.execute(
        "select min(scheme_code) from customer_value.rpt_balance_band"
    ).fetchall()

    in_scheme = asked(release, metric, ["month"], f"scheme_code = '{scheme}'")
    assert in_scheme == [
        (month, count)
        for code, month, count in asked(release, metric, ["scheme_code", "month"])
        if code == scheme
    ]
