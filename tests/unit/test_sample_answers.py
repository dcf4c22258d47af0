"""The answer key: checked by hand where it is small, and that it holds every branch of every rule."""

from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pytest

from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec, generate_bank
from sample_bank.tier_answers import UNREACHED, below_months, months_in_a_row

SPEC = SampleSpec(nights=12, end=date(2026, 9, 18), profile="wealthy", written_as=Format(kind="parquet"))
"""10,000 customers, 18 months of history."""


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wealthy")
    generate_bank(SPEC, folder / "landing", folder / "key")
    return folder


@pytest.fixture(scope="module")
def months(bank):
    return pl.read_parquet(bank / "key" / "customer_month-*.parquet")


@pytest.fixture(scope="module")
def sales(bank):
    return pl.read_parquet(bank / "key" / "sales.parquet")


def count(rows, *columns):
    return {key if len(columns) > 1 else key[0] for key in rows.select(columns).unique().rows()}


def test_months_below_a_bound_count_since_the_last_that_reached_it():
    averages = np.array([[60, 30, 30, 60, 30], [30, 30, 60, 30, 30]])

    below = below_months(averages, np.ones_like(averages, dtype=bool), 50)

    assert below.tolist() == [[0, 1, 2, 0, 1], [UNREACHED, UNREACHED, 0, 1, 2]]


def test_a_stretch_goes_on_while_a_customer_is_away_and_ends_when_another_factor_holds():
    is_so = np.array([[False, True, True, False, True], [True, False, True, True, True]])
    exists = np.array([[True, True, True, True, True], [True, False, True, True, True]])

    assert months_in_a_row(is_so, exists).tolist() == [[0, 1, 2, 0, 1], [1, 2, 3, 4, 5]]


@pytest.mark.parametrize("month", [date(2026, 7, 1), date(2026, 9, 1)])
def test_every_tier_status_and_factor_occurs(months, month):
    rows = months.filter((pl.col("month_start_date") == month) & pl.col("is_personal"))
    tiers = {"ordinary", "potential", "gold", "platinum", "growth", "core"}

    assert count(rows, "tier_code") == tiers
    assert count(rows, "tier_code", "status_code") == {
        (tier, status) for tier in tiers - {"ordinary"} for status in ("normal", "observe", "attention")
    } | {("ordinary", "normal")}
    assert count(rows.drop_nulls("lost_tier_code"), "lost_tier_code") == tiers - {"ordinary"}
    factors = {"aum", "mortgage", "credit_loan", "card_grade"}
    if month == date(2026, 9, 1):
        # card transactions are delivered for 12 months: July needs some of before them
        factors |= {"card_spend"}
    assert count(rows, "deciding_factor_code") == factors


def test_every_event_occurs(months):
    ranks = {"ordinary": 0, "potential": 1, "gold": 2, "platinum": 3, "growth": 4, "core": 5}
    rank = pl.col("tier_code").replace_strict(ranks, return_dtype=pl.Int64)
    rows = (
        months.filter(pl.col("is_personal"))
        .sort("customer_id", "month_start_date")
        .with_columns(rank.alias("rank"))
    )
    rows = rows.with_columns(
        pl.col("rank").shift(1).over("customer_id").alias("before"),
        pl.col("lost_tier_code").shift(1).over("customer_id").alias("lost_before"),
    )
    events = {
        "upgrade": rows.filter(pl.col("rank") > pl.col("before")),
        "downgrade": rows.filter(pl.col("rank") < pl.col("before")),
        "lost": rows.filter(pl.col("lost_tier_code").is_not_null() & pl.col("lost_before").is_null()),
        "regained": rows.filter(pl.col("tier_code") == pl.col("lost_before")),
        "new": rows.filter((pl.col("rank") > 0) & (pl.col("before") == 0)),
    }
    assert {name for name, found in events.items() if found.is_empty()} == set()


def test_every_way_of_crediting_a_sale_occurs(sales):
    assert count(sales, "state_code") == {"credited", "pending", "unallocated", "cancelled"}
    assert count(sales.drop_nulls("rule_code"), "rule_code") == {"manager", "auto", "manual", "fallback"}
    assert count(sales.drop_nulls("reason_code"), "reason_code") == {
        "no_ratio",
        "no_seller",
        "no_teller",
        "only_referrer",
        "registration_rejected",
    }
    assert count(sales.filter(pl.col("actor_role_code") == "referrer"), "rule_code") == {
        "auto",
        "manual",
        "fallback",
    }
    assert sales["is_disputed"].any()


def test_credits_of_a_sale_add_to_the_whole(bank, sales):
    trades = pl.concat(
        [pl.read_parquet(path) for path in sorted(bank.glob("landing/*/*/sales_trade-*.parquet"))]
    )
    credited = (
        sales.filter(pl.col("state_code") == "credited")
        .group_by("trade_id")
        .agg(pl.col("credit_ratio").sum(), pl.col("credit_amt").sum(), pl.col("credit_fee_income_amt").sum())
    )
    joined = credited.join(trades, on="trade_id")

    assert joined.height == credited.height
    assert set(joined["credit_ratio"]) == {Decimal("1.00000")}
    assert joined["credit_amt"].equals(joined["amount"], check_names=False)
    assert joined["credit_fee_income_amt"].equals(joined["fee_income"], check_names=False)


def test_aum_of_customers_with_one_plain_account_is_its_balance(bank, months):
    """On the last night, from the files alone: one account in CNY, not shared."""
    last = sorted(bank.glob("landing/*"))[-1]
    balances = pl.read_parquet(last / "sequence=1" / "deposit_balance-*.parquet")
    first = sorted(bank.glob("landing/*"))[0] / "sequence=1"
    shared = pl.read_parquet(first / "account_owner-*.parquet")
    accounts = pl.concat(
        [
            pl.read_parquet(path).drop("op", strict=False)
            for path in sorted(bank.glob("landing/*/*/account-*.parquet"))
        ]
    ).unique("account_id", keep="last")
    alone = accounts.filter(pl.len().over("customer_id") == 1, pl.col("currency") == "CNY")
    alone = alone.join(shared, on="account_id", how="anti").join(shared, on="customer_id", how="anti")
    joined = alone.join(balances, on="account_id").join(
        months.filter(pl.col("month_start_date") == date(2026, 9, 1)), on="customer_id"
    )

    assert joined.height > 1_000
    assert joined["balance"].equals(joined["aum_end_amt"], check_names=False)
