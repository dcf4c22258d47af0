"""dbt reads the semantic layer, and MetricFlow's own SQL gives what ``acrm metric`` gives."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from orchestration.metrics.ask import metric_query
from orchestration.metrics.definitions import read_semantic_layer
from tests.support.models import PROJECT
from tests.support.warehouse import Warehouse

# of each kind: stock, flow, single figure, ratio, opening; by time, by entity, and by the name of an entity
QUESTIONS = [
    ("customer_aum_monthly_aum_end_amt", ["month"]),
    ("customer_aum_monthly_aum_end_amt", ["year"]),
    ("customer_aum_monthly_aum_end_amt", []),
    ("customer_aum_monthly_balance_sum_amt", []),
    ("customer_contribution_monthly_contribution_amt", ["org", "month"]),
    ("customer_tier_monthly_assessment_aum_amt", ["org__org_name"]),
    ("account_contribution_monthly_eva_amt", ["product__product_line_code", "quarter"]),
    ("service_monthly_closed_loop_rate", ["org__org_name"]),
    ("customer_kpi_monthly_churn_rate", []),
    ("aum_bridge_monthly_opening_amt", []),
    ("balance_band_customer_cnt", ["scheme_code"]),
    ("aum_concentration_gini_rate", ["cut_code"]),
]


def test_metricflow_answers_what_acrm_metric_answers(town: Warehouse, tmp_path: Path):
    shutil.copyfile(town.current / "acrm.duckdb", tmp_path / "acrm.duckdb")
    asked = [(metric, [for_metricflow(metric, said) for said in by]) for metric, by in QUESTIONS]
    (tmp_path / "questions.json").write_text(json.dumps(asked), encoding="utf-8")
    unset = {name: text for name, text in os.environ.items() if not name.startswith(("DBT_", "ACRM_"))}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.metricflow", str(tmp_path)],
        cwd=PROJECT, env={**unset, "DO_NOT_TRACK": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])

    layer = read_semantic_layer()
    with town.reader() as release:
        for (metric, by), theirs in zip(QUESTIONS, answers, strict=True):
            ours = release.execute(metric_query(layer, layer.metrics[metric], by)).fetchall()
            assert ours
            assert [alike(row) for row in theirs] == [alike(row) for row in ours], (metric, by)


def for_metricflow(metric: str, said: str) -> str:
    """A time or a dimension of the table, as MetricFlow names it."""
    if said in ("month", "quarter", "year"):
        return f"metric_time__{said}"
    table = read_semantic_layer().metrics[metric].model.table.split("_", 1)[1]
    return f"{table}_row__{said}" if said.endswith("_code") and "__" not in said else said


def alike(row: object) -> list[object]:
    """MetricFlow gives doubles and instants: cents and millionths as text, days as days."""
    *keys, figure = row
    return [
        *(None if key is None else str(key).removesuffix(" 00:00:00") for key in keys),
        None if figure is None else f"{float(figure):.6f}",
    ]
