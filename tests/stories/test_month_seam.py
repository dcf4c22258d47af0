"""A month that ends on a Saturday is the same with a batch of that day, and with Friday's carried to it.

Monday's batch says otherwise of nearly everything. What it says is March's, but for what happened in
February: that is added to it. Figures are those of nights in memory; dbt builds one of the banks, the same.
"""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from expectations.suites.restatement import ClosedMonth, closed_month_changes
from orchestration.releases.on_disk import DATABASE_FILE
from orchestration.settings import BatchId, Settings
from tests.conftest import ShareWarehouse, deliver_and_run
from tests.stories.seam_bank import FEBRUARY, FRIDAY, JANUARY, MARCH, MONDAY, SATURDAY, seam_bank
from tests.support.bank import Bank
from tests.support.landing import land
from tests.support.models import PROJECT, columns_of
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse
from tests.support.whole_nights import WholeNights

SCHEMAS = ("customer_value", "contribution", "ownership", "customer", "corporate", "monitoring", "sales")
MARTS = sorted(
    path.stem
    for schema in SCHEMAS
    for path in (PROJECT / "models" / "marts" / schema).rglob("*.sql")
    if "month_start_date" in columns_of(path.stem)
)


NOTHING_TO_SAY = [
    # February is the month of the first night, and not recorded whole
    "contribution.rpt_contribution_change",
    "contribution.rpt_contribution_concentration",
    "corporate.rpt_segment_policy_monthly",
    "customer.rpt_recommendation_quality",
    # whoever is far below, lost or new is so by months before
    "customer_value.rpt_attention_lost_by_manager",
    "customer_value.rpt_attention_lost_customer",
    "customer_value.rpt_private_bank_lost",
    "customer_value.rpt_private_bank_marketing_detail",
    "customer_value.rpt_private_bank_new",
    "customer_value.rpt_private_bank_new_detail",
]
"""Tables without a row of February."""


def _in_memory(home: Path, bank: Bank) -> Warehouse:
    """Nights in memory, with releases of the last two."""
    *before, monday = bank.deliveries()
    nights = WholeNights(MARTS).run_deliveries(before)
    nights.published(home)
    nights.run(monday)
    return nights.published(home)


@pytest.fixture(scope="module")
def with_saturday(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return _in_memory(tmp_path_factory.mktemp("seam_with"), seam_bank(with_saturday=True))


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    return _in_memory(tmp_path_factory.mktemp("seam_without"), seam_bank(with_saturday=False))


@pytest.fixture(scope="module")
def landed(shared_warehouse: ShareWarehouse) -> Warehouse:
    """The bank with Saturday's batch, from its files to the release."""
    bank = seam_bank(with_saturday=True)
    return shared_warehouse("seam", lambda warehouse: deliver_and_run(warehouse, bank))


def _tables(warehouse: Warehouse, column: str) -> list[str]:
    rows = warehouse.query(
        "select table_schema || '.' || table_name as name from information_schema.columns "
        "where column_name = ? and list_contains(?, table_schema) order by 1",
        column, list(SCHEMAS),
    )  # fmt: skip
    return [row["name"] for row in rows]


def test_nights_of_files_and_of_memory_build_the_same(with_saturday: Warehouse, landed: Warehouse) -> None:
    tables = _tables(landed, "month_start_date")
    assert len(tables) > 30
    built, in_memory = _said(landed, tables), _said(with_saturday, tables)
    assert [table for table in tables if built[table] != in_memory[table]] == []


def test_every_table_says_the_same_of_february(with_saturday: Warehouse, without: Warehouse) -> None:
    # with a batch of Saturday, February was confirmed before Monday added to it
    tables = [table for table in _tables(with_saturday, "month_start_date") if "confirm" not in table]
    assert len(tables) > 70

    said, said_without = _said(with_saturday, tables, FEBRUARY), _said(without, tables, FEBRUARY)

    assert [table for table in tables if said[table] != said_without[table]] == []
    assert [table for table in tables if not said[table]] == NOTHING_TO_SAY


def _said(
    warehouse: Warehouse, tables: list[str], month: date | None = None
) -> dict[str, list[tuple[Any, ...]]]:
    """Rows by table; those of a month without the night that wrote them."""
    rows = {}
    with warehouse.reader() as connection:
        for table in tables:
            is_dated = month is not None and "business_date" in columns_of(table.partition(".")[2])
            rows[table] = connection.execute(
                f"select *{' exclude (business_date)' if is_dated else ''} from {table}"
                " where $month is null or month_start_date = $month order by all",
                {"month": month},
            ).fetchall()
    return rows


def _one(warehouse: Warehouse, table: str, customer: str, month: date = FEBRUARY) -> dict[str, Any]:
    (row,) = warehouse.query(f"from {table} where customer_id = ? and month_start_date = ?", customer, month)
    return row


def test_a_person_who_becomes_a_firm_in_march_has_a_tier_in_february(without: Warehouse) -> None:
    assert _one(without, "customer_value.fct_customer_tier_monthly", "firm")["tier_code"] == "gold"
    tiers = without.query(
        "from customer_value.fct_customer_tier_monthly where customer_id = 'firm' order by month_start_date"
    )
    assert [row["month_start_date"] for row in tiers] == [JANUARY, FEBRUARY]


def test_shares_of_march_leave_february_alone(without: Warehouse) -> None:
    table = "customer_value.fct_customer_aum_monthly"
    assert _one(without, table, "one")["aum_end_amt"] == 500_000
    # 500,000 + 100 dollars at Friday's rate of 7
    assert _one(without, table, "other")["aum_end_amt"] == 500_700
    assert _one(without, table, "one", MARCH)["aum_end_amt"] == 100_000
    # Sunday by Friday's shares, Monday by Monday's
    assert _one(without, table, "one", MARCH)["balance_sum_amt"] == 500_000 + 100_000


def test_what_moves_to_another_org_counts_for_the_old_one_until_the_batch_that_says_so(
    without: Warehouse,
) -> None:
    rows = without.query(
        "select month_start_date, asset_class_code, org_id, aum_end_amt, aum_month_avg_amt "
        "from customer_value.fct_customer_aum_part_monthly where customer_id = 'mover' order by all"
    )
    assert [tuple(row.values()) for row in rows] == [
        (JANUARY, "deposit", "O1", 100_000, 100_000),
        (JANUARY, "wealth", "O1", 50_000, 50_000),
        (FEBRUARY, "deposit", "O1", 100_000, 100_000),
        (FEBRUARY, "wealth", "O1", 50_000, 50_000),
        # Sunday is still the old org's; on Monday the fund is a deposit that counts half
        (MARCH, "deposit", "O1", 0, 50_000),
        (MARCH, "deposit", "O2", 125_000, 62_500),
        (MARCH, "wealth", "O1", 0, 25_000),
    ]


def test_home_orgs_loans_and_cards_are_those_of_the_months_last_batch(without: Warehouse) -> None:
    table = "customer_value.fct_customer_tier_monthly"
    assert _one(without, table, "homeless")["owning_org_id"] == "O1"
    assert _one(without, table, "homeless", MARCH)["owning_org_id"] == "O2"
    debtor = _one(without, table, "debtor")
    assert (debtor["mortgage_balance_amt"], debtor["has_diamond_card"]) == (1_900_000, True)
    debtor = _one(without, table, "debtor", MARCH)
    assert (debtor["mortgage_balance_amt"], debtor["has_diamond_card"]) == (1_000_000, False)


def test_a_reversal_of_march_leaves_februarys_figure_and_is_taken_off_in_march(without: Warehouse) -> None:
    table = "customer_value.fct_customer_tier_monthly"
    assert _one(without, table, "spender")["card_spend_12m_amt"] == 100_000
    assert _one(without, table, "spender")["tier_code"] == "platinum"
    assert _one(without, table, "spender", MARCH)["card_spend_12m_amt"] == 0


def test_a_customer_closed_in_march_is_a_customer_of_february(without: Warehouse) -> None:
    row = _one(without, "customer_value.fct_customer_aum_monthly", "gone")
    assert row["aum_end_amt"] == 200_000
    assert _one(without, "customer_value.fct_customer_aum_monthly", "gone", MARCH)["aum_end_amt"] == 0


@pytest.mark.parametrize("name", ["with_saturday", "without"])
def test_what_happened_in_february_is_added_to_it_by_mondays_batch(
    name: str, request: pytest.FixtureRequest
) -> None:
    warehouse: Warehouse = request.getfixturevalue(name)
    tiers = "customer_value.fct_customer_tier_monthly"
    assert _one(warehouse, tiers, "late")["card_spend_12m_amt"] == 120_000
    assert _one(warehouse, tiers, "late")["tier_code"] == "platinum"
    ledger = "contribution.fct_customer_contribution_monthly"
    assert _one(warehouse, ledger, "late")["fee_income_amt"] == 30
    assert _one(warehouse, ledger, "late", MARCH)["fee_income_amt"] == 0
    pools = warehouse.query(
        "from contribution.fct_cost_pool_monthly where cost_pool_id = 'P2' and month_start_date = ?", FEBRUARY
    )
    assert len(pools) == 1


@pytest.mark.parametrize("name", ["with_saturday", "without"])
def test_what_happened_to_whom_february_did_not_know_counts_in_march(
    name: str, request: pytest.FixtureRequest
) -> None:
    warehouse: Warehouse = request.getfixturevalue(name)
    assert (
        _one(warehouse, "customer_value.fct_customer_tier_monthly", "newcomer", MARCH)["card_spend_12m_amt"]
        == 70_000
    )
    ledger = "contribution.fct_customer_contribution_monthly"
    assert _one(warehouse, ledger, "newcomer", MARCH)["fee_income_amt"] == 30


def test_a_month_that_was_confirmed_with_its_last_day_has_a_second_version_because_of_mondays_batch(
    with_saturday: Warehouse, without: Warehouse
) -> None:
    def versions(warehouse: Warehouse) -> list[tuple[Any, ...]]:
        rows = warehouse.query(
            "select version_number, confirmed_date, caused_by_business_date, changed_customer_cnt"
            " from customer_value.fct_month_confirmed where month_start_date = ? order by version_number",
            FEBRUARY,
        )
        return [tuple(row.values()) for row in rows]

    (first, second) = versions(with_saturday)
    assert first[:3] == (1, SATURDAY, None)
    assert second == (2, MONDAY, MONDAY, 1)
    ((version, confirmed, cause, _),) = versions(without)
    assert (version, confirmed, cause) == (1, SATURDAY, None)
    differences = with_saturday.query("from customer_value.rpt_confirmation_difference")
    assert [(row["customer_id"], row["from_tier_code"], row["to_tier_code"]) for row in differences] == [
        ("late", "unlisted", "platinum")
    ]


def test_the_change_is_listed_with_the_batch_that_brought_it(landed: Warehouse) -> None:
    (row,) = landed.query("from quality.fct_restatement")
    assert (row["month_start_date"], row["caused_by_business_date"]) == (FEBRUARY, MONDAY)
    assert "first after the month" in row["explanation"]


def test_of_a_month_that_no_release_had_called_final_nothing_is_restated(
    with_saturday: Warehouse, without: Warehouse
) -> None:
    assert _restated(without, FRIDAY) == []
    (february,) = _restated(with_saturday, SATURDAY)
    assert (february.month, february.customers_changed) == (FEBRUARY, 1)


def _restated(warehouse: Warehouse, before: date) -> list[ClosedMonth]:
    """What gate 2 finds that Monday has changed of what the release before it called final."""
    with duckdb.connect() as connection:
        connection.execute("create schema pipeline; create table pipeline.erased_customer (customer_id text)")
        for schema, night in (("customer_value", MONDAY), ("last_release", before)):
            database = warehouse.current.parent / f"{night}.1" / DATABASE_FILE
            connection.execute(f"attach '{database}' as release (read_only); create schema {schema}")
            for table in ("fct_customer_aum_monthly", "fct_customer_tier_monthly"):
                connection.execute(f"create table {schema}.{table} as from release.customer_value.{table}")
            connection.execute("detach release")
        told_by = {FEBRUARY: BatchId(MONDAY, 1)}
        changes = closed_month_changes(connection, [FEBRUARY, MARCH], [], closed_by=told_by)
    return [month for month in changes if month.customers_changed]


def test_monday_sent_again_without_them_takes_them_back(landed: Warehouse, tmp_path: Path) -> None:
    warehouse = landed.copy_to(tmp_path / "home")
    before = warehouse.parquet_hashes("contribution")
    land(warehouse.home, seam_bank(with_saturday=True, is_told=False).delivery(MONDAY, sequence=2))
    run_quickly(Settings.load(warehouse.home))

    tiers = "customer_value.fct_customer_tier_monthly"
    spent = (_one(warehouse, tiers, who, MARCH)["card_spend_12m_amt"] for who in ("late", "newcomer"))
    assert [_one(warehouse, tiers, "late")["card_spend_12m_amt"], *spent] == [0, 0, 0]
    assert _one(warehouse, tiers, "late")["tier_code"] == "ordinary"
    fees = warehouse.query("from contribution.fct_account_contribution_monthly where fee_income_amt <> 0")
    assert fees == []
    versions = warehouse.query(
        "select version_number, caused_by_business_date, caused_by_sequence"
        " from customer_value.fct_month_confirmed where month_start_date = ? order by version_number",
        FEBRUARY,
    )
    assert [tuple(row.values()) for row in versions] == [(1, None, None), (2, MONDAY, 1), (3, MONDAY, 2)]

    # and with them once more it is what it was, to the byte
    land(warehouse.home, seam_bank(with_saturday=True).delivery(MONDAY, sequence=3))
    run_quickly(Settings.load(warehouse.home))
    assert warehouse.parquet_hashes("contribution") == before
