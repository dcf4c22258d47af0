"""Tables that nights carry on, and a program whose models have other columns than the tables."""

from copy import deepcopy
from pathlib import Path

import duckdb
import pytest

from orchestration import transform
from orchestration.errors import BuildError
from orchestration.night import run_waiting
from orchestration.settings import Settings
from orchestration.standing import note_standing, standing
from tests.faults.conftest import SECOND
from tests.faults.delivered import Delivered
from tests.support.models import PROJECT
from tests.support.warehouse import tree_hashes


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("customer_value.fct_customer_aum_monthly", "add column older_amt decimal(18, 2)"),
        ("intermediate.int_account__versions", "add column older_code varchar"),
        ("intermediate.int_aum__holding_day", "alter column base_plain_amt type double"),
    ],
)
def test_a_table_of_other_columns_stops_the_night(
    batch: Delivered, settings: Settings, table: str, change: str
) -> None:
    assert batch.folder.exists()
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute(f"alter table {table} {change}")
    note_standing(settings, "the checksum of other models")
    published = tree_hashes(settings.published)

    with pytest.raises(BuildError) as caught:
        run_waiting(settings)

    column = change.split()[2]
    assert table.partition(".")[2] in str(caught.value)
    assert column in str(caught.value)
    assert "acrm rebuild" in str(caught.value)
    assert tree_hashes(settings.published) == published


@pytest.mark.parametrize(
    "table",
    [
        "customer_value.fct_customer_tier_monthly",
        "intermediate.int_account__versions",
        "intermediate.int_aum__earlier_months",
        "intermediate.int_contribution__closed_month",
        "intermediate.int_customer__debt_month",
        "intermediate.int_sales__trade_entry",
    ],
)
def test_a_table_without_its_history_stops_the_night(
    batch: Delivered, settings: Settings, table: str
) -> None:
    assert batch.folder.exists()
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute(f"drop table {table}")
    published = tree_hashes(settings.published)

    with pytest.raises(BuildError) as caught:
        run_waiting(settings)

    assert f"{table.partition('.')[2]}: " in str(caught.value)
    assert "without what earlier nights left in it: run acrm rebuild" in str(caught.value)
    assert tree_hashes(settings.published) == published


def test_what_versions_elsewhere_say_is_made_anew(batch: Delivered, settings: Settings) -> None:
    assert batch.folder.exists()
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("drop table sales.fct_trade_attribution")

    run_waiting(settings)

    with duckdb.connect(str(settings.database), read_only=True) as connection:
        assert connection.sql("select count(*) >= 0 from sales.fct_trade_attribution").fetchone() == (True,)


RULES, VIEW, TABLE = "card_factor_rules", "int_org__succession", "int_ftp__quote"


def cut_build(settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night of an edited project whose build fails when it has come to a seed and a view that were edited.

    What it would build besides is left out: it is what the next night builds.
    """
    edited = deepcopy(transform._parsed_project())
    seed = edited.nodes[f"seed.acrm.{RULES}"]
    copy = folder / seed.original_file_path
    copy.parent.mkdir(parents=True)
    header, *_ = (PROJECT / seed.original_file_path).read_text(encoding="utf-8").splitlines()
    copy.write_text(f"{header}\nedited,edited,edited,RB-001\n", encoding="utf-8")
    seed.root_path, seed.checksum.checksum = str(folder), "of the edited rules"
    for name, change in ((VIEW, "-- edited"), (TABLE, "this is not SQL")):
        model = edited.nodes[f"model.acrm.{name}"]
        model.raw_code, model.checksum.checksum = f"{model.raw_code}\n{change}", f"of the edited {name}"
    whole = transform.build_arguments
    with monkeypatch.context() as patch:
        patch.setattr(transform, "_parsed_project", lambda: edited)
        patch.setattr(
            transform, "build_arguments", lambda *given: [*whole(*given), "--select", RULES, VIEW, TABLE]
        )
        with pytest.raises(BuildError, match=TABLE):
            run_waiting(settings)


def rules_and_view(settings: Settings) -> tuple[list[tuple[object, ...]], str]:
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        rules = connection.sql(f"from rules.{RULES} order by all").fetchall()
        ((text,),) = connection.sql(f"select sql from duckdb_views() where view_name = '{VIEW}'").fetchall()
    return rules, text


def test_a_rule_and_a_view_that_were_taken_back_after_a_failed_build_are_those_of_the_files(
    batch: Delivered, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert batch.folder.exists()
    built, of_files = standing(settings), rules_and_view(settings)
    cut_build(settings, tmp_path / "edited", monkeypatch)
    assert standing(settings) is None
    ((rule,), _) = rules_and_view(settings)
    assert rule[0] == "edited"

    (night,) = run_waiting(settings)

    assert night.release == f"{SECOND}.1"
    assert rules_and_view(settings) == of_files
    assert standing(settings) == built
