"""Named customers and their AUM, with the arithmetic beside the claim (2.1)."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from tests.stories.conftest import Story
from tests.stories.town import DECEMBER, FEBRUARY, JANUARY, MARCH
from tests.support.warehouse import Warehouse


def test_a_joint_account_counts_for_each_owner_by_share(aum_of: Story) -> None:
    assert aum_of("minh", DECEMBER)["aum_month_avg_amt"] == 600_000  # 1,000,000 × 0.6
    assert aum_of("lan", JANUARY)["aum_month_avg_amt"] == 450_000  # 1,000,000 × 0.4 + 100,000 × 0.5


def test_new_shares_count_from_the_night_that_brings_them(aum_of: Story) -> None:
    # Sunday 1 February still by Friday's share: 600,000; then 27 days × 250,000
    assert aum_of("minh", FEBRUARY)["balance_sum_amt"] == 600_000 + 27 * 250_000
    assert aum_of("minh", FEBRUARY)["aum_month_avg_amt"] == 262_500  # 7,350,000 / 28


def test_an_account_without_owners_left_belongs_wholly_to_its_holder(aum_of: Story) -> None:
    # Sunday 1 February still half; then 27 days whole
    assert aum_of("thu", FEBRUARY)["balance_sum_amt"] == 50_000 + 27 * 100_000


def test_thirds_of_a_joint_account_are_rounded_once_for_each_owner(aum_of: Story) -> None:
    # 100 × 0.333333 × 31 days = 1033.3323
    assert aum_of("an", JANUARY)["balance_sum_amt"] == Decimal("1033.33")
    assert aum_of("an", JANUARY)["aum_month_avg_amt"] == Decimal("33.33")


def test_a_foreign_balance_counts_at_each_days_own_rate(aum_of: Story) -> None:
    # opened Friday 23 January at 7.00; Saturday 7.10; Sunday has none, so 7.10; 26 to 31 at 7.20
    assert aum_of("trader", JANUARY)["balance_sum_amt"] == 7000 + 2 * 7100 + 6 * 7200
    assert aum_of("trader", JANUARY)["aum_month_avg_amt"] == Decimal("2077.42")  # 64,400 / 31
    assert aum_of("trader", JANUARY)["aum_end_amt"] == 7200


def test_a_past_foreign_month_counts_at_the_rate_of_its_last_day(aum_of: Story) -> None:
    assert aum_of("expat", date(2025, 11, 1))["aum_month_avg_amt"] == 6500  # 1,000 × 6.5
    assert aum_of("expat", DECEMBER)["aum_month_avg_amt"] == 6800  # 1,000 × 6.8


def test_an_account_that_vanishes_from_the_full_table_has_balance_0_from_that_day(aum_of: Story) -> None:
    # 1 to 25 January (the weekend carried), missing on Monday 26
    assert aum_of("tuan", JANUARY)["aum_month_avg_amt"] == 250_000  # 25 × 310,000 / 31
    assert aum_of("tuan", JANUARY)["aum_end_amt"] == 0


def test_a_customer_with_no_balance_left_keeps_rows_with_0(aum_of: Story) -> None:
    assert aum_of("tuan", FEBRUARY)["aum_month_avg_amt"] == 0
    assert aum_of("tuan", MARCH)["aum_month_avg_amt"] == 0


def test_an_account_counts_nothing_from_its_closing_until_another_is_opened(aum_of: Story) -> None:
    # 22 days before the closing on the 23rd, then 6 days from the opening on the 26th
    assert aum_of("hoa", JANUARY)["aum_month_avg_amt"] == 56_000  # 28 × 62,000 / 31


def test_an_account_that_closed_on_a_saturday_is_not_carried_over_it(aum_of: Story) -> None:
    assert aum_of("bao", JANUARY)["aum_month_avg_amt"] == 30_000  # 30 × 31,000 / 31
    assert aum_of("bao", JANUARY)["aum_end_amt"] == 0


def test_rows_end_with_the_month_in_which_a_batch_says_closed(months_of: Callable[[str], list[date]]) -> None:
    assert months_of("yen") == [DECEMBER, JANUARY, FEBRUARY]


def test_a_customer_who_comes_back_has_no_row_for_the_month_away(
    months_of: Callable[[str], list[date]],
) -> None:
    assert months_of("quan") == [DECEMBER, JANUARY, MARCH]


def test_a_customer_who_opened_on_a_saturday_has_a_row_for_that_month(
    months_of: Callable[[str], list[date]], aum_of: Story
) -> None:
    # opened on Saturday 31 January, first balance in Monday's batch: 27 of 28 days in February
    assert months_of("saturday") == [JANUARY, FEBRUARY, MARCH]
    assert aum_of("saturday", JANUARY)["aum_month_avg_amt"] == 0
    assert aum_of("saturday", FEBRUARY)["aum_month_avg_amt"] == 27_000  # 27 × 28,000 / 28


def test_a_customer_who_opened_after_the_turn_of_the_month_has_no_row_for_the_month_before(
    months_of: Callable[[str], list[date]],
) -> None:
    # Monday's batch brings the customer and finishes January
    assert months_of("monday") == [FEBRUARY, MARCH]


def test_an_overdraft_counts_0_and_takes_nothing_from_the_other_account(aum_of: Story) -> None:
    assert aum_of("son", FEBRUARY)["aum_month_avg_amt"] == 20_000


def test_an_investment_counts_by_its_products_weight_and_only_if_it_is_in_aum(aum_of: Story) -> None:
    row = aum_of("lien", FEBRUARY)
    assert row["aum_month_avg_amt"] == 150_000  # 100,000 × 1 + 100,000 × 0.5 + 100,000 outside
    assert (row["deposit_month_avg_amt"], row["investment_month_avg_amt"]) == (0, 150_000)


def test_a_weekend_at_the_turn_of_the_month_is_carried_into_both_months(aum_of: Story) -> None:
    assert aum_of("nga", JANUARY)["aum_month_avg_amt"] == 310_000
    # Sunday 1 February carries Friday's 310,000; then 27 days × 1,000
    assert aum_of("nga", FEBRUARY)["balance_sum_amt"] == 337_000
    assert aum_of("nga", FEBRUARY)["aum_month_avg_amt"] == Decimal("12035.71")  # 337,000 / 28
    assert aum_of("nga", FEBRUARY)["aum_month_avg_30_amt"] == Decimal("11233.33")  # 337,000 / 30


def test_quarter_and_year_averages_divide_by_the_calendar_days_to_date(aum_of: Story) -> None:
    # (31 × 310,000 + 337,000) / 59
    assert aum_of("nga", FEBRUARY)["aum_quarter_avg_amt"] == Decimal("168593.22")
    assert aum_of("nga", FEBRUARY)["aum_year_avg_amt"] == Decimal("168593.22")
    # came in December: 31 × 310,000 over the 92 days of the quarter
    assert aum_of("nga", DECEMBER)["aum_quarter_avg_amt"] == Decimal("104456.52")


def test_trailing_measures_cover_the_months_that_exist(aum_of: Story) -> None:
    row = aum_of("nga", FEBRUARY)
    # December 310,000, January 310,000, February 12,035.71
    assert row["aum_avg_6m_amt"] == row["aum_avg_12m_amt"] == Decimal("210678.57")
    assert row["aum_max_6m_amt"] == row["aum_max_12m_amt"] == 310_000


def test_a_corporate_customer_has_aum_and_no_tier(aum_of: Story, town_warehouse: Warehouse) -> None:
    assert aum_of("factory", JANUARY)["aum_month_avg_amt"] == 20_000_000
    for table in ("fct_customer_tier_monthly", "fct_customer_tier_status_monthly", "fct_tier_event"):
        assert town_warehouse.query(f"from customer_value.{table} where customer_id = 'factory'") == []


def test_only_the_month_that_is_not_over_is_provisional(town_warehouse: Warehouse) -> None:
    rows = town_warehouse.query(
        "select distinct month_start_date from customer_value.fct_customer_aum_monthly where is_provisional"
    )
    assert [row["month_start_date"] for row in rows] == [MARCH]


def test_parts_by_class_and_org_add_to_the_total(town_warehouse: Warehouse, aum_of: Story) -> None:
    rows = town_warehouse.query(
        "select asset_class_code, org_id, aum_end_amt, aum_month_avg_amt "
        "from customer_value.fct_customer_aum_part_monthly "
        "where customer_id = 'ha' and month_start_date = ? order by all",
        FEBRUARY,
    )
    assert [tuple(row.values()) for row in rows] == [
        ("deposit", "O1", 100_000, 100_000),
        ("deposit", "O2", 0, Decimal("4642.86")),  # 26 × 5,000 / 28, closed on the 27th
        ("wealth", "O2", 60_000, Decimal("58928.57")),  # (30,000 + 27 × 60,000) / 28
    ]
    assert sum(row["aum_month_avg_amt"] for row in rows) == aum_of("ha", FEBRUARY)["aum_month_avg_amt"]


def test_a_part_that_was_emptied_still_counts_in_the_averages_of_the_year(town_warehouse: Warehouse) -> None:
    (row,) = town_warehouse.query(
        "from customer_value.fct_customer_aum_part_monthly "
        "where customer_id = 'ha' and org_id = 'O2' and asset_class_code = 'deposit' "
        "and month_start_date = ?",
        MARCH,
    )
    assert (row["aum_end_amt"], row["aum_month_avg_amt"]) == (0, 0)
    assert row["aum_year_avg_amt"] == Decimal("4672.13")  # (31 + 26) × 5,000 / 61


def test_days_of_a_tiered_customer_include_those_without_a_batch(town_warehouse: Warehouse) -> None:
    days = town_warehouse.query(
        "select calendar_date, aum_end_amt from customer_value.fct_customer_aum_daily "
        "where customer_id = 'nga' and date_trunc('month', calendar_date) = date '2026-02-01' order by 1"
    )
    assert len(days) == 28
    assert [day["aum_end_amt"] for day in days[:2]] == [310_000, 1_000]
    assert sum(day["aum_end_amt"] for day in days) == 337_000


def test_a_night_adds_its_days_to_the_release_and_shares_those_before(golden_warehouse: Warehouse) -> None:
    *_, before, last = sorted(golden_warehouse.current.parent.glob("2026-*"))
    days = "parquet/customer_value/fct_customer_aum_daily"
    january_30 = f"{days}/2026-01-30.parquet"
    assert (before / january_30).samefile(last / january_30)
    new = {path.name for path in (last / days).iterdir()} - {path.name for path in (before / days).iterdir()}
    assert new == {f"2026-{day}.parquet" for day in ("01-31", "02-01", "02-02")}


def test_nobody_below_potential_has_days(town_warehouse: Warehouse) -> None:
    assert town_warehouse.query("from customer_value.fct_customer_aum_daily where customer_id = 'an'") == []


def test_the_largest_loan_decides_the_main_org_and_others_assist(town_warehouse: Warehouse) -> None:
    rows = town_warehouse.query(
        "select org_id, role_code, deposit_end_amt, investment_end_amt, loan_balance_amt, card_balance_amt "
        "from customer_value.fct_customer_org_role "
        "where customer_id = 'ha' and month_start_date = ? order by 1",
        JANUARY,
    )
    assert [tuple(row.values()) for row in rows] == [
        ("O1", "assistant", 100_000, 0, 0, 700),
        ("O2", "main", 5_000, 30_000, 8_000, 0),
    ]
