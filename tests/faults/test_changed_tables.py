"""Tables that nights carry on, and a program whose models have other columns than the tables."""

import duckdb
import pytest

from orchestration.errors import BuildError
from orchestration.night import run_waiting
from orchestration.settings import Settings
from orchestration.standing import note_standing, standing
from tests.faults.delivered import Delivered
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


def test_seeds_stand_until_they_are_others(batch: Delivered, settings: Settings) -> None:
    assert batch.folder.exists()
    built = standing(settings)
    with duckdb.connect(str(settings.database)) as connection:
        connection.execute("truncate rules.card_factor_rules")
    note_standing(settings, "the checksum of other seeds")

    run_waiting(settings)

    assert standing(settings) == built
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        assert connection.sql("select count(*) > 0 from rules.card_factor_rules").fetchone() == (True,)
