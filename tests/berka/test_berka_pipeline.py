"""The whole main job on the real bank: every published customer-month, cent by cent.

The nights come from ``ACRM_BERKA_FROM`` and ``ACRM_BERKA_TO``; without them a short stretch over a month's
turn is run. ``make berka`` runs them all.
"""

import os
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.berka.reference import customer_months, days
from tests.support.warehouse import Warehouse

FIRST = date.fromisoformat(os.environ.get("ACRM_BERKA_FROM") or "1994-01-29")
LAST = date.fromisoformat(os.environ.get("ACRM_BERKA_TO") or "1994-02-02")

NIGHTS_AT_ONCE = 30
"""So that no single command runs into the tests' time limit."""


class CustomerMonth(NamedTuple):
    """What is compared, as published and as reckoned."""

    end: object
    balance_sum: object
    average: object
    is_provisional: object


def run_acrm(home: Path, *arguments: str) -> str:
    """Run the command line and return what it said; fails with it unless the exit code is 0."""
    done = Warehouse(home).command(*arguments)
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def warehouse(berka_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    home = tmp_path_factory.mktemp("berka")
    nights = list(days(FIRST, LAST))
    for upto in dict.fromkeys([*nights[NIGHTS_AT_ONCE - 1 :: NIGHTS_AT_ONCE], LAST]):
        run_acrm(home, "import", "berka", str(berka_folder), "--from", str(FIRST), "--to", str(upto))
        run_acrm(home, "run")
    return Warehouse(home)


def test_every_customer_month_is_published_as_reckoned_from_the_transactions(
    warehouse: Warehouse, berka_folder: Path
) -> None:
    expected = {
        key: CustomerMonth(month.end_aum, month.balance_sum, month.average, _is_provisional(key[1]))
        for key, month in customer_months(berka_folder, LAST).items()
    }

    rows = warehouse.query(
        """
        select customer_id, month_start_date, aum_end_amt, balance_sum_amt, aum_month_avg_amt, is_provisional
        from customer_value.fct_customer_aum_monthly
        """
    )
    published = {
        (row["customer_id"], row["month_start_date"]): CustomerMonth(
            row["aum_end_amt"], row["balance_sum_amt"], row["aum_month_avg_amt"], row["is_provisional"]
        )
        for row in rows
    }

    assert len(published) == len(rows)
    assert published.keys() - expected.keys() == set()
    assert expected.keys() - published.keys() == set()
    differing = {
        key: (published[key], month) for key, month in sorted(expected.items()) if published[key] != month
    }
    assert differing == {}


def test_all_tiers_occur(warehouse: Warehouse) -> None:
    rows = warehouse.query(
        "select distinct tier_code from customer_value.fct_customer_tier_monthly where month_start_date = ?",
        LAST.replace(day=1),
    )

    assert {row["tier_code"] for row in rows} == {
        "ordinary",
        "potential",
        "gold",
        "platinum",
        "growth",
        "core",
    }


def _is_provisional(month_start: date) -> bool:
    return month_start == LAST.replace(day=1) and (LAST + timedelta(1)).day != 1


def test_a_customer_is_explained_in_the_banks_own_currency_and_by_its_own_rulebook(
    warehouse: Warehouse,
) -> None:
    (row,) = warehouse.query("select min(customer_id) as one from customer_value.fct_customer_tier_monthly")
    done = warehouse.command("explain", row["one"])

    assert done.returncode == 0, done.stderr
    assert "amounts in CZK" in done.stdout
    assert "Judged by rulebook berka_czk-1" in done.stdout
