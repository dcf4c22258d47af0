from pathlib import Path

from benchmarks.chapters import chapter_of_models, model_seconds

LOG = """
03:00:00 [info ] Running with dbt=1.11.16
03:00:01 [info ] OK created sql incremental model contribution.fct_rm_contribution_monthly  [OK in 90.00s]
03:00:02 [info ] Running with dbt=1.11.16
03:00:03 [info ] 4 of 9 OK created sql incremental model intermediate.int_contribution__fee .. [OK in 0.05s]
03:00:03 [info ] 5 of 9 OK created sql table model intermediate.int_customer__month .......... [OK in 7.00s]
03:00:04 [info ] 6 of 9 OK created sql incremental model contribution.fct_cost_pool_monthly  [OK in 1.50s]
"""


def test_the_models_of_the_last_build_are_told(tmp_path: Path):
    log = tmp_path / "dbt.log"
    assert model_seconds(log) == {}
    log.write_text(LOG, encoding="utf-8")

    assert model_seconds(log) == {
        "int_contribution__fee": 0.05,
        "int_customer__month": 7.0,
        "fct_cost_pool_monthly": 1.5,
    }


def test_a_model_belongs_to_the_first_chapter_that_needs_it() -> None:
    def model(schema: str, *reads: str) -> dict[str, object]:
        return {"resource_type": "model", "schema": schema, "depends_on": {"nodes": [*reads]}}

    nodes = {
        "m.shared": model("intermediate", "source.lake"),
        "m.only_later": model("intermediate", "m.shared"),
        "m.early": model("sales", "m.shared"),
        "m.late": model("corporate", "m.only_later", "m.early"),
        "m.checked": model("intermediate", "m.late"),
        "seed.rules": {"resource_type": "seed", "schema": "corporate"},
    }
    manifest = {"nodes": {key: node | {"name": key[2:]} for key, node in nodes.items()}}
    assert chapter_of_models(manifest) == {
        "shared": "3 ownership",
        "only_later": "7 corporate",
        "early": "3 ownership",
        "late": "7 corporate",
        "checked": "other",
    }
