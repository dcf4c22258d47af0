"""MetricFlow over the files of the semantic layer and a release: what dbt itself answers to a metric.

``python -m tests.support.metricflow FOLDER`` makes a project of dbt there, with a model of no content for
each mart, has dbt parse and check it, and answers the questions of ``FOLDER/questions.json``. It is a process
of its own: dbt keeps what it knows of a project in its modules.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import yaml

PROJECT = Path(__file__).parents[2]
_CALENDAR = """models:
  - name: dim_calendar
    time_spine: {standard_granularity_column: calendar_date}
    columns: [{name: calendar_date, granularity: day}]
"""
_SCHEMAS = "{% macro generate_schema_name(custom, node) %}{{ custom }}{% endmacro %}"
_FILES = {
    "macros/schemas.sql": _SCHEMAS,
    "models/calendar.yml": _CALENDAR,
    "dbt_project.yml": "name: acrm\nprofile: acrm\nmodel-paths: [models, semantic]\n"
    "flags: {send_anonymous_usage_stats: false}\n",
    "profiles.yml": "acrm: {target: release, outputs: {release: {type: duckdb, path: acrm.duckdb}}}\n",
}


def write_project(folder: Path) -> None:
    """The project: the kept files, and models that dbt can resolve their names by."""
    shutil.copytree(PROJECT / "semantic", folder / "semantic")
    schemas = {"dim_calendar": "reference"}
    for path in (folder / "semantic").glob("*.yml"):
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["semantic_models"]:
            schemas[model["model"][5:-2]] = model["config"]["meta"]["schema"]
    models = {
        f"models/{name}.sql": f"{{{{ config(schema='{schema}') }}}} select 1 as nothing"
        for name, schema in schemas.items()
    }
    for name, text in (_FILES | models).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def main(folder: Path) -> None:
    """Parse, ask, and print the answers as JSON, one list of rows per question."""
    write_project(folder)
    os.chdir(folder)
    from dbt.cli.main import dbtRunner

    parsed = dbtRunner().invoke(["parse", "--quiet"])
    if not parsed.success:
        raise SystemExit(f"dbt refuses the semantic layer: {parsed.exception}")
    from dbt_metricflow.cli.cli_configuration import CLIConfiguration
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    configuration = CLIConfiguration()
    configuration.setup(folder, folder, configure_file_logging=False)
    answers = []
    for metric, by in json.loads(Path("questions.json").read_text(encoding="utf-8")):
        request = MetricFlowQueryRequest.create(
            request_id=None, metric_names=[metric], group_by_names=by, order_by_names=by
        )
        table = configuration.mf.query(request).result_df
        places = [table.column_names.index(name) for name in (*by, metric)]
        answers.append([[row[place] for place in places] for row in table.rows])
    print(json.dumps(answers, default=str))  # noqa: T201 - what the test reads


if __name__ == "__main__":
    main(Path(sys.argv[1]))
