"""Superset's files without Superset: their references hold, and every dataset runs on a release."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.warehouse import PROJECT, Warehouse
from tests.unit.test_chinese_names import AUM_WORDS

NO_FIGURE = "资产变动桥|AUM bridge|资产分类|资产分层|Asset (class|layer)"
ASSETS = PROJECT / "bi" / "assets"


@cache
def files(kind: str) -> dict[str, dict[str, Any]]:
    """Files of a kind by uuid."""
    contents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths(kind)]
    return {content["uuid"]: content for content in contents}


def paths(kind: str) -> list[Path]:
    return sorted((ASSETS / kind).rglob("*.yaml"))


@pytest.mark.parametrize("kind", ["databases", "datasets", "charts", "dashboards"])
def test_every_file_has_a_uuid_of_its_own(kind: str):
    assert len(files(kind)) == len(paths(kind)) > 0


def test_the_database_names_no_folder_of_anybody():
    (database,) = files("databases").values()

    assert database["sqlalchemy_uri"] == "duckdb:///published/current/acrm.duckdb"


def test_charts_ask_for_what_their_dataset_has():
    for chart in files("charts").values():
        dataset = files("datasets")[chart["dataset_uuid"]]
        columns = {column["column_name"] for column in dataset["columns"]}
        metrics = {metric["metric_name"] for metric in dataset["metrics"]}
        params = chart["params"]
        asked = {filter_["subject"] for filter_ in params["adhoc_filters"]}
        for key in (
            "all_columns",
            "groupby",
            "groupbyRows",
            "groupbyColumns",
            "x_axis",
            "id",
            "parent",
            "name",
        ):
            value = params.get(key, [])
            asked |= set([value] if isinstance(value, str) else value)
        assert asked <= columns, chart["slice_name"]
        assert {*params.get("metrics", []), *filter(None, [params.get("metric")])} <= metrics, chart[
            "slice_name"
        ]


def test_every_chart_is_on_a_dashboard_and_every_filter_has_its_column():
    shown = set()
    for dashboard in files("dashboards").values():
        charts = [item for key, item in dashboard["position"].items() if key.startswith("CHART-")]
        shown |= {chart["meta"]["uuid"] for chart in charts}
        for chart in charts:
            assert chart["meta"]["sliceName"] == files("charts")[chart["meta"]["uuid"]]["slice_name"]
        for filter_ in dashboard["metadata"]["native_filter_configuration"]:
            (target,) = filter_["targets"]
            columns = files("datasets")[target["datasetUuid"]]["columns"]
            assert target["column"]["name"] in {column["column_name"] for column in columns}
    assert shown == set(files("charts"))


def test_names_are_shown_and_months_are_marked():
    """People read names: a chart shows the number of an org or product nowhere, a month with its mark."""
    for chart in files("charts").values():
        params = chart["params"]
        shown = set()
        for key in ("all_columns", "groupby", "groupbyRows", "groupbyColumns", "x_axis"):
            value = params.get(key, [])
            shown |= set([value] if isinstance(value, str) else value)
        assert not {column for column in shown if column.endswith(("_code", "org_id"))}, chart["slice_name"]
    for dataset in files("datasets").values():
        months = {column["column_name"] for column in dataset["columns"]} & {"month_name", "trend_month"}
        if months and dataset["table_name"] != "restatement":
            assert "暂定 provisional" in dataset["sql"], dataset["table_name"]
        if "month_name" in months:
            mixed = [
                metric["metric_name"]
                for metric in dataset["metrics"]
                if "count(distinct month_name) = 1" not in metric["expression"]
            ]
            assert mixed == [], f"{dataset['table_name']}: months may not be mixed"


def labels() -> Iterator[tuple[str, str]]:
    """What people read, with the name of the column or metric that it stands for."""
    for dataset in files("datasets").values():
        yield "", dataset["description"]
        for kind in ("column", "metric"):
            for one in dataset[f"{kind}s"]:
                yield one[f"{kind}_name"], one["verbose_name"]
    for chart in files("charts").values():
        yield chart["params"].get("metric") or "", chart["slice_name"]
        yield "", chart["description"] or ""


def test_every_figure_of_aum_says_which_aum_it_is():
    """The words are those of the marts; the bridge and classes of assets are no figures."""
    told = [
        (name, text)
        for name, text in labels()
        if re.search(r"(^|_)aum(_|$)", name) or re.search("AUM|资产", re.sub(NO_FIGURE, "", text))
    ]
    assert len(told) > 12
    for name, text in told:
        assert any(word in text for word in AUM_WORDS), (name, text)
        assert ("考核资产" in text) == ("judged" in text), (name, text)
        assert ("时点资产" in text) == bool(re.search("AUM at the (end|opening|month's last)", text)), text


def test_a_dashboard_with_months_asks_for_one():
    for dashboard in files("dashboards").values():
        charts = [
            item["meta"]["uuid"] for key, item in dashboard["position"].items() if key.startswith("CHART")
        ]
        datasets = [files("datasets")[files("charts")[uuid]["dataset_uuid"]] for uuid in charts]
        has_months = any(
            "month_name" in {column["column_name"] for column in dataset["columns"]}
            for dataset in datasets
            if dataset["table_name"] != "restatement"
        )
        first = [
            filter_["targets"][0]["column"]["name"]
            for filter_ in dashboard["metadata"]["native_filter_configuration"]
            if filter_["controlValues"]["defaultToFirstItem"]
        ]
        assert first == ["month_name"] * has_months, dashboard["slug"]


def test_every_dataset_runs_on_a_release_and_has_the_columns_it_names(town: Warehouse):
    with town.reader() as connection:
        for dataset in files("datasets").values():
            connection.execute(f"select * from ({dataset['sql']}) as dataset limit 1")
            given = [column[0] for column in connection.description]
            named = [column["column_name"] for column in dataset["columns"]]
            assert sorted(given) == sorted(named), dataset["table_name"]
            for metric in dataset["metrics"]:
                connection.execute(f"select {metric['expression']} from ({dataset['sql']}) as dataset")
