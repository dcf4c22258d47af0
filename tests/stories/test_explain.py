"""``acrm explain`` tells the stories of the town's people in plain language."""

import pytest

from orchestration.errors import ExitCode
from tests.support.warehouse import Warehouse


def told(warehouse: Warehouse, *arguments: str) -> str:
    done = warehouse.command("explain", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    # a line may be wrapped anywhere
    return " ".join(done.stdout.split())


def test_a_tier_that_is_running_out_says_why_and_until_when(town_warehouse: Warehouse) -> None:
    # 250,000 in January, nothing from then on: gold lasts six months more
    story = told(town_warehouse, "tuan", "--month", "2026-02")

    assert "Customer tuan in February 2026" in story
    assert "Tier gold, observe: AUM of 0.00 is below the threshold of 200,000.00 for 1 month (k = 1)" in story
    assert "last reached in January 2026 and holds the tier for 6 months after" in story
    assert "To platinum: 500,000.00 of AUM are missing." in story
    assert (
        "it comes to attention in May 2026 (3 months left) and is lost in August 2026 (6 months left)"
        in story
    )
    assert "2026-01 250,000.00 █" in story and "│ the threshold, 200,000.00" in story


def test_a_tier_that_a_loan_holds_names_it_and_what_was_lost_after_it(town_warehouse: Warehouse) -> None:
    january = told(town_warehouse, "hung", "--month", "2026-01")
    february = told(town_warehouse, "hung", "--month", "2026-02")

    assert "given by mortgage balance of 1,600,000.00 (threshold 1,500,000.00)" in january
    assert "Nothing runs out while mortgage balance holds the tier." in january
    assert "Lost and not regained: platinum in February 2026." in february
    assert "2026-02 │ tier lost │ platinum │ gold" in february


def test_a_customer_of_two_orgs_sees_what_each_keeps(town_warehouse: Warehouse) -> None:
    story = told(town_warehouse, "ha")

    assert "Customer ha in March 2026, provisional to 2026-03-02" in story
    assert "deposit │ O1 │ 100,000.00" in story and "wealth │ O2 │ 60,000.00" in story
    assert "O2 │ main │ 0.00 │ 60,000.00 │ 8,000.00 │ 0.00" in story
    assert "O1 │ assistant │ 100,000.00 │ 0.00 │ 0.00 │ 0.00" in story


def test_a_company_has_aum_and_no_tier(town_warehouse: Warehouse) -> None:
    story = told(town_warehouse, "factory")

    assert "No tier: only personal customers are tiered." in story
    assert "20,000,000.00" in story


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nobody",), "has no such customer"),
        (("tuan", "--month", "2030-01"), "there are rows between 2025-12 and 2026-03"),
    ],
)
def test_who_or_what_is_not_there_is_one_line_and_an_exit_code(
    town_warehouse: Warehouse, arguments: tuple[str, ...], message: str
) -> None:
    done = town_warehouse.command("explain", *arguments)

    assert done.returncode == ExitCode.NOT_FOUND
    assert message in done.stderr and len(done.stderr.splitlines()) == 1
    assert "nobody" not in done.stderr
