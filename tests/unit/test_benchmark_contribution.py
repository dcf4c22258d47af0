from pathlib import Path

from benchmarks.contribution import contribution_seconds

LOG = """
03:00:00 [info ] Running with dbt=1.11.16
03:00:01 [info ] OK created sql incremental model contribution.fct_rm_contribution_monthly  [OK in 90.00s]
03:00:02 [info ] Running with dbt=1.11.16
03:00:03 [info ] 4 of 9 OK created sql incremental model intermediate.int_contribution__fee .. [OK in 0.05s]
03:00:03 [info ] 5 of 9 OK created sql table model intermediate.int_customer__month .......... [OK in 7.00s]
03:00:04 [info ] 6 of 9 OK created sql incremental model contribution.fct_cost_pool_monthly  [OK in 1.50s]
"""


def test_the_models_of_the_last_build_are_added_up(tmp_path: Path):
    log = tmp_path / "dbt.log"
    assert contribution_seconds(log) == 0
    log.write_text(LOG, encoding="utf-8")

    assert contribution_seconds(log) == 1.55
