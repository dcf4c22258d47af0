"""What an operator is told of a build that failed: which table, how many rows, and what helps against it."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.dbt_results import NodeResult, failure_lines, finished_node
from orchestration.settings import Bank, Settings

MODEL, GRAIN, SINGULAR, COLUMN = (
    "model.acrm.fct_x",
    "test.acrm.grain.1",
    "test.acrm.sums",
    "test.acrm.known.2",
)
MANIFEST = {
    "nodes": {
        MODEL: {"name": "fct_x"},
        GRAIN: {
            "name": "unique_grain_fct_x_customer_id__month_start_date",
            "attached_node": MODEL,
            "test_metadata": {
                "name": "unique_grain",
                "kwargs": {"columns": ["customer_id", "month_start_date"], "model": "{{ ref('fct_x') }}"},
            },
            "depends_on": {"nodes": [MODEL]},
        },
        COLUMN: {
            "name": "accepted_values_fct_x_status_code",
            "attached_node": MODEL,
            "test_metadata": {"name": "accepted_values", "kwargs": {"column_name": "status_code"}},
            "depends_on": {"nodes": [MODEL]},
        },
        SINGULAR: {"name": "sums", "depends_on": {"nodes": [MODEL, "model.acrm.fct_y"]}},
    }
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, Bank(memory_limit="20MB"))


def told(settings: Settings, *nodes: NodeResult) -> list[str]:
    return list(failure_lines(nodes, MANIFEST, settings))


@pytest.mark.parametrize(
    ("test", "rows", "line"),
    [
        (GRAIN, 17, "fct_x · unique_grain (customer_id, month_start_date): 17 rows are against"),
        (GRAIN, 1, "fct_x · unique_grain (customer_id, month_start_date): 1 row is against"),
        (COLUMN, 1200, "fct_x · accepted_values (status_code): 1,200 rows are against"),
        (SINGULAR, 2, "fct_x, fct_y · sums: 2 rows are against"),
    ],
)
def test_a_failing_test_names_table_key_and_count(
    settings: Settings, test: str, rows: int, line: str
) -> None:
    message = f"Got {rows} results, configured to fail if != 0"
    first, remedy = told(settings, NodeResult(test, "any", "fail", message, failures=rows))

    assert first == f"{line} the test {MANIFEST['nodes'][test]['name']}."
    assert remedy.startswith("Tests: ") and "rebuild" not in remedy


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("Runtime Error in model m\n  Out of Memory Error: could not allocate a block", "Memory"),
        ("Runtime Error in model m\n  Out of Memory Error: offload (max_temp_directory_size)", "Disk"),
        ("Runtime Error in model fct_x\n  IO Error: Could not write: No space left on device", "Disk"),
        ("Runtime Error in model fct_x\n  Binder Error: column \"a\" not found\nLINE 3: select a", "Models"),
        ("Compilation Error in model fct_x\n  the table would begin without what earlier nights left in it: "
         "run acrm rebuild", "Columns or history"),
    ],
)  # fmt: skip
def test_a_rebuild_is_recommended_where_it_helps_and_nowhere_else(
    settings: Settings, message: str, cause: str
) -> None:
    line, remedy = told(settings, NodeResult(MODEL, "fct_x", "error", message))

    assert line.startswith("fct_x: ") and "\n" not in line and "LINE 3" not in line
    assert remedy.startswith(f"{cause}: ")
    assert ("acrm rebuild" in remedy) == (cause == "Columns or history")


def test_memory_names_the_setting(settings: Settings) -> None:
    *_, remedy = told(settings, NodeResult(MODEL, "fct_x", "error", "Out of Memory Error: no"))

    assert "memory_limit is 20MB" in remedy and str(settings.home / "bank.yml") in remedy


def test_many_that_fail_alike_get_one_remedy_and_no_endless_list(settings: Settings) -> None:
    lines = told(settings, *[NodeResult(MODEL, f"m{n}", "error", "Out of Memory Error") for n in range(17)])

    assert len(lines) == 12 and lines[10] == "… and 7 more."


def test_what_was_built_or_skipped_is_no_fault(settings: Settings) -> None:
    others = [NodeResult(MODEL, "fct_x", status) for status in ("success", "pass", "warn", "skipped")]

    assert told(settings, *others) == []


def test_only_a_finished_node_is_a_result() -> None:
    node = SimpleNamespace(unique_id=MODEL, node_name="fct_x", node_status="success")
    result = SimpleNamespace(message="OK", num_failures=0, execution_time=0.5)
    data = SimpleNamespace(node_info=node, run_result=result)

    assert finished_node(SimpleNamespace(info=SimpleNamespace(name="NodeStart"), data=data)) is None
    finished = finished_node(SimpleNamespace(info=SimpleNamespace(name="NodeFinished"), data=data))
    assert finished == NodeResult(MODEL, "fct_x", "success", "OK", 0, 0.5)
