"""What may be declared of a figure, and which questions a metric refuses."""

from pathlib import Path

import pytest

from orchestration.errors import ConfigurationError, QueryError
from orchestration.metrics.additivity import declared_figures, measured
from orchestration.metrics.ask import find_metric, metric_query
from orchestration.metrics.definitions import read_semantic_layer
from orchestration.releases.marts import Mart, MartColumn

LAYER = read_semantic_layer()
MART = Mart(
    schema_name="customer",
    name="rpt_shop_monthly",
    grain=("org_id", "month_start_date"),
    columns=tuple(
        MartColumn(name=name, data_type=data_type)
        for name, data_type in [
            ("org_id", "varchar"),
            ("month_start_date", "date"),
            ("sales_cnt", "bigint"),
            ("stock_amt", "decimal(18,2)"),
            ("sold_rate", "decimal(9,6)"),
        ]
    ),
)


def declared(folder: Path, text: str):
    path = folder / "metrics.yml"
    path.write_text(text, encoding="utf-8")
    return measured([MART], declared_figures(path))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("rpt_shop: {flows: all}", "rpt_shop is no table with metrics"),
        ("rpt_shop_monthly: {flows: [sales_amt]}", "rpt_shop_monthly has no column sales_amt"),
        ("rpt_shop_monthly: {flows: [org_id]}", "rpt_shop_monthly.org_id is no metric"),
        (
            "rpt_shop_monthly: {flows: [sales_cnt], single: [sales_cnt]}",
            "sales_cnt is said to be of two kinds",
        ),
        ("rpt_shop_monthly: {flow: all}", "rpt_shop_monthly.flow: Extra inputs"),
        (
            "rpt_shop_monthly: {flows: [sales_cnt], ratios: {sold_rate: [sales_cnt, stock_amt]}}",
            "sold_rate: its parts do not add up over the same months",
        ),
        ("a: [", "Mend it"),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused_in_one_line(tmp_path: Path, text: str, fault: str):
    with pytest.raises(ConfigurationError, match=fault) as refused:
        declared(tmp_path, text)

    assert "\n" not in str(refused.value)


def test_without_a_word_a_count_is_a_stock_and_a_rate_is_never_added(tmp_path: Path):
    (table,) = declared(tmp_path, "")
    count, amount, rate = table.metrics

    assert (count.window, count.is_single, count.not_over) == ("max", False, ())
    assert amount.window == "max"
    assert (rate.window, rate.is_single, rate.not_over) == ("max", True, ("org_id",))
    (table,) = declared(tmp_path, "rpt_shop_monthly: {flows: all, openings: [stock_amt]}")
    assert [metric.window for metric in table.metrics] == [None, "min", "max"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("no_such_metric", "There is no metric"),
        ("aum_end_amt", "3 metrics are called 'aum_end_amt'. Take one of: customer_aum_daily_aum_end_amt"),
        ("rpt_event_monthly.gini_rate", "There is no metric"),
    ],
)
def test_a_name_that_is_none_or_several_is_told_with_those_near(name: str, said: str):
    with pytest.raises(QueryError, match=said):
        find_metric(LAYER, name)


def test_a_name_may_be_the_metrics_the_tables_and_columns_or_the_columns_alone():
    (whole, short, full) = (
        find_metric(LAYER, name)
        for name in (
            "aum_concentration_gini_rate",
            "gini_rate",
            "customer_value.rpt_aum_concentration.gini_rate",
        )
    )

    assert whole is short is full


@pytest.mark.parametrize(
    ("by", "where", "said"),
    [
        (["tier"], "", "cannot be asked by 'tier'. It can by month, quarter, year, customer"),
        (["day"], "", "is told by month, not by day"),
        (["org__org_name"], "", "cannot be asked by 'org__org_name'"),
        (['month"; drop table x; --'], "", "cannot be asked by"),
        (["aum_end_amt"], "", "cannot be asked by 'aum_end_amt'"),
    ],
)
def test_a_group_that_the_metric_does_not_know_is_refused(by: list[str], where: str, said: str):
    with pytest.raises(QueryError, match=said):
        metric_query(LAYER, LAYER.metrics["customer_aum_monthly_aum_end_amt"], by, where)


@pytest.mark.parametrize(
    "where",
    [
        "",
        "cut_code = 'top_1' or cut_code = 'top_5'",
        "not cut_code = 'top_1'",
        "cut_code <> 'top_1'",
        "cut_code in ('top_1')",
        "(cut_code = 'top_1' or is_provisional) and cut_kind_code = 'top'",
    ],
)
def test_a_condition_that_may_leave_several_values_does_not_allow_to_add(where: str):
    with pytest.raises(QueryError, match="not added over cut_code"):
        metric_query(LAYER, LAYER.metrics["aum_concentration_aum_amt"], ["month"], where)


def test_a_condition_that_leaves_one_value_allows_to_add():
    where = "is_provisional and cut_code = 'top_1'"

    assert "cut_code = 'top_1'" in metric_query(
        LAYER, LAYER.metrics["aum_concentration_aum_amt"], ["month"], where
    )
