"""The reference's AUM on banks small enough for a pocket calculator."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.reference.aum import rounded
from tests.reference.customer_value import Expected, customer_value, trailing
from tests.reference.known import replay
from tests.support.bank import Bank

FRIDAY, MONDAY = date(2026, 1, 30), date(2026, 2, 2)
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def expected(bank: Bank) -> Expected:
    return customer_value(replay(bank.deliveries()))


def test_amounts_are_rounded_half_up() -> None:
    assert rounded(Fraction("0.005")) == Decimal("0.01")
    assert rounded(Fraction("0.0049999")) == Decimal("0.00")


def test_a_constant_balance_is_its_own_month_average_whether_from_history_or_nights() -> None:
    bank = Bank([FRIDAY, MONDAY])
    bank.customer("minh", opened=date(2025, 12, 1)).holds(1000)
    months = expected(bank).aum["minh"]
    assert [rounded(months[m].month_avg) for m in months] == [Decimal(1000)] * 3
    assert [months[m].days for m in months] == [31, 31, 2]
    assert [months[m].is_provisional for m in months] == [False, False, True]


def test_a_weekend_carries_fridays_balance_into_the_next_month() -> None:
    bank = Bank([FRIDAY, MONDAY])
    bank.customer("minh").holds(1000).holds(50, since=MONDAY)
    months = expected(bank).aum["minh"]
    # opened on Friday 30: Friday and Saturday are January's, Sunday is February's
    assert months[JANUARY].balance_sum.total == 2 * 1000
    assert months[FEBRUARY].balance_sum.total == 1000 + 50
    assert months[FEBRUARY].end.total == 50


def test_an_account_that_closes_on_a_day_without_a_batch_counts_nothing_from_that_day() -> None:
    bank = Bank([FRIDAY, MONDAY])
    bank.customer("minh").holds(1000).closes(date(2026, 1, 31))
    assert expected(bank).aum["minh"][JANUARY].balance_sum.total == 1000


def test_a_joint_account_counts_by_share() -> None:
    bank = Bank([FRIDAY, MONDAY])
    bank.customer("lan")
    bank.customer("minh").holds(1000).shared({"minh": "0.75", "lan": "0.25"}, since=FRIDAY)
    months = expected(bank).aum
    assert (months["minh"][JANUARY].end.total, months["lan"][JANUARY].end.total) == (750, 250)


def test_a_corporate_customer_has_aum_and_no_tier() -> None:
    bank = Bank([FRIDAY, MONDAY])
    bank.customer("factory", kind="C").holds(10_000_000)
    result = expected(bank)
    assert JANUARY in result.aum["factory"] and "factory" not in result.tiers


def test_trailing_measures_use_the_months_that_exist() -> None:
    bank = Bank([FRIDAY, MONDAY])
    bank.customer("minh", opened=date(2025, 12, 1)).account().months(1, 3, 5, to=FEBRUARY)
    months = expected(bank).aum["minh"]
    assert trailing(months, JANUARY, 6) == (Decimal(20_000), Decimal(30_000))


def test_rows_end_with_the_month_in_which_a_batch_says_closed() -> None:
    bank = Bank([date(2025, 12, 30), FRIDAY, MONDAY])
    bank.customer("minh", opened=date(2025, 12, 1)).leaves(date(2026, 1, 5))
    assert list(expected(bank).aum["minh"]) == [date(2025, 12, 1), JANUARY]
