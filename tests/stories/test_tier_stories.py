"""Named customers and their tiers: who is held by what, and until when (2.2, 2.3)."""

from decimal import Decimal

from tests.stories.conftest import Story
from tests.stories.town import FEBRUARY, JANUARY, MARCH
from tests.support.warehouse import Warehouse


def test_each_owner_of_a_joint_account_has_the_tier_of_the_own_share(tier_of: Story) -> None:
    assert tier_of("minh", JANUARY)["tier_code"] == "platinum"  # 600,000
    assert tier_of("lan", JANUARY)["tier_code"] == "gold"  # 450,000


def test_a_customer_whose_money_left_is_observed_before_the_tier_is_lost(tier_of: Story) -> None:
    february = tier_of("tuan", FEBRUARY)
    assert (february["tier_code"], february["status_code"], february["below_months"]) == (
        "gold",
        "observe",
        1,
    )


def test_a_mortgage_holds_the_tier_after_the_aum_has_left_it(tier_of: Story) -> None:
    # 600,000 in June 2025, then 300,000: in January the seventh month below
    january = tier_of("hung", JANUARY)
    assert (january["tier_code"], january["deciding_factor_code"]) == ("platinum", "mortgage")
    assert (january["status_code"], january["below_months"]) == ("normal", 0)
    assert january["mortgage_balance_amt"] == 1_600_000
    assert january["lost_tier_code"] is None


def test_the_status_row_names_the_factor_that_holds_the_tier(town_warehouse: Warehouse) -> None:
    (row,) = town_warehouse.query(
        "from customer_value.fct_customer_tier_status_monthly "
        "where customer_id = 'hung' and tier_code = 'platinum' and month_start_date = ?",
        JANUARY,
    )
    assert (row["below_months"], row["status_code"], row["held_by_factor_code"]) == (7, "normal", "mortgage")
    assert not row["is_lost_event"]


def test_a_tier_is_lost_in_the_month_in_which_the_mortgage_no_longer_holds_it(
    tier_of: Story, town_warehouse: Warehouse
) -> None:
    february = tier_of("hung", FEBRUARY)  # 1,400,000 from 27 February
    assert (february["tier_code"], february["status_code"]) == ("gold", "normal")
    assert february["lost_tier_code"] == "platinum"
    lost = town_warehouse.query(
        "select month_start_date from customer_value.fct_customer_tier_status_monthly "
        "where customer_id = 'hung' and is_lost_event"
    )
    assert [row["month_start_date"] for row in lost] == [FEBRUARY]


def test_unsecured_and_guaranteed_loans_count_together(tier_of: Story) -> None:
    january = tier_of("khoa", JANUARY)  # 200,000 + 100,000
    assert (january["tier_code"], january["deciding_factor_code"]) == ("gold", "credit_loan")
    assert january["credit_loan_balance_amt"] == 300_000


def test_a_loan_that_left_the_balance_table_counts_nothing(tier_of: Story) -> None:
    february = tier_of("khoa", FEBRUARY)
    assert february["credit_loan_balance_amt"] == 200_000
    assert february["tier_code"] == "ordinary"


def test_a_tier_that_only_a_loan_gave_is_never_a_lost_tier(tier_of: Story, town_warehouse: Warehouse) -> None:
    assert tier_of("khoa", FEBRUARY)["lost_tier_code"] is None
    rows = town_warehouse.query(
        "select month_start_date from customer_value.fct_customer_tier_status_monthly "
        "where customer_id = 'khoa' and tier_code = 'gold'"
    )
    assert [row["month_start_date"] for row in rows] == [JANUARY]


def test_a_diamond_card_counts_to_its_last_day_of_validity(tier_of: Story) -> None:
    # the card expires on 28 February, the last day of the month
    february, march = tier_of("dat", FEBRUARY), tier_of("dat", MARCH)
    assert (february["tier_code"], february["deciding_factor_code"]) == ("growth", "card_grade")
    assert (march["tier_code"], march["has_diamond_card"]) == ("potential", False)


def test_a_frozen_diamond_card_gives_nothing(tier_of: Story) -> None:
    assert tier_of("giang", JANUARY)["tier_code"] == "growth"
    assert tier_of("giang", FEBRUARY)["tier_code"] == "potential"


def test_card_spend_covers_the_twelve_months_ending_with_the_month(tier_of: Story) -> None:
    # January: February 2025 to January 2026, 60,000 + 40,000; February: 40,000 alone
    january, february = tier_of("phuc", JANUARY), tier_of("phuc", FEBRUARY)
    assert (january["tier_code"], january["deciding_factor_code"]) == ("platinum", "card_spend")
    assert january["card_spend_12m_amt"] == 100_000
    assert (february["tier_code"], february["card_spend_12m_amt"]) == ("ordinary", 40_000)


def test_cash_advances_and_debit_cards_are_no_card_spend(tier_of: Story) -> None:
    assert tier_of("phuc", FEBRUARY)["card_spend_12m_amt"] == Decimal("40000.00")


def test_a_reversal_is_taken_off_the_spend(tier_of: Story) -> None:
    january = tier_of("mai", JANUARY)  # 120,000 − 30,000
    assert (january["card_spend_12m_amt"], january["tier_code"]) == (90_000, "ordinary")


def test_a_customer_who_opened_within_the_history_has_a_complete_history(tier_of: Story) -> None:
    assert tier_of("nga", JANUARY)["is_history_complete"]


def test_a_migrated_customer_has_a_complete_history_once_the_window_is_covered(tier_of: Story) -> None:
    # gold, n = 6; first recorded month November 2025
    assert not tier_of("migrated", MARCH)["is_history_complete"]
    # ordinary asks for the largest window, 12; recorded since September 2024
    assert tier_of("elder", JANUARY)["is_history_complete"]
