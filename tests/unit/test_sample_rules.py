"""Every row of the live rulebook is met by customers of the generated bank; how many is listed."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from orchestration.settings import PROJECT
from sample_bank.delivery import Format
from sample_bank.generate import SampleSpec, generate_bank

RULEBOOK = "documents-1"
AMOUNTS = {
    "card_spend": pl.col("card_spend_12m_amt"),
    "mortgage": pl.col("mortgage_balance_amt"),
    "credit_loan": pl.col("credit_loan_balance_amt"),
    "card_grade": pl.col("has_diamond_card").cast(pl.Int64).cast(pl.Decimal(18, 2)),
}


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wealthy")
    # 10,000 customers, 18 months of history
    spec = SampleSpec(nights=4, end=date(2026, 9, 18), profile="wealthy", written_as=Format(kind="parquet"))
    generate_bank(spec, folder / "landing", folder / "key")
    return folder


@pytest.fixture(scope="module")
def customers(bank):
    months = pl.read_parquet(bank / "key" / "customer_month-*.parquet")
    return months.filter(pl.col("is_personal"))


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / "rules" / f"{name}.csv").open(encoding="utf-8") as rows:
        return [row for row in csv.DictReader(rows) if row.get("rulebook_version", RULEBOOK) == RULEBOOK]


def rules() -> Iterator[tuple[str, pl.Expr]]:
    """Every rule of a customer's row, and the condition under which a row of the answer key meets it."""
    tier = pl.col("tier_code")
    for rule in seed("tier_rules"):
        yield (
            f"tier {rule['tier_code']} by AUM",
            (tier == rule["tier_code"]) & (pl.col("deciding_factor_code") == "aum"),
        )
    for rule in seed("tier_factor_rules"):
        factor, threshold = rule["factor_code"], Decimal(rule["threshold_amt"])
        yield (
            f"{rule['tier_code']} by {factor} of {threshold}",
            (
                (tier == rule["tier_code"])
                & (pl.col("deciding_factor_code") == factor)
                & (AMOUNTS[factor] >= threshold)
            ),
        )
    for rule in seed("tier_status_rules"):
        band, code = rule["status_code"], rule["tier_code"]
        if band == "lost":
            yield f"{code} {band}", pl.col("lost_tier_code") == code
        else:
            below = pl.col("below_months").is_between(
                int(rule["below_from_months"]), int(rule["below_to_months"])
            )
            yield f"{code} {band}", (tier == code) & (pl.col("status_code") == band) & below


def test_customers_meet_every_rule_of_tiers_factors_and_status(customers):
    met = {rule: customers.filter(condition)["customer_id"].n_unique() for rule, condition in rules()}

    print("\n".join(f"{count:>6} customers: {rule}" for rule, count in met.items()))  # noqa: T201
    assert [rule for rule, count in met.items() if not count] == []
    assert len(met) == sum(map(len, map(seed, ("tier_rules", "tier_factor_rules", "tier_status_rules"))))


def test_customers_meet_every_rule_of_loans_and_cards(bank):
    first = next((bank / "landing").glob("business_date=*/sequence=1"))

    def sent(table):
        return pl.concat([pl.read_parquet(path) for path in sorted(first.glob(f"{table}-*.parquet"))])

    loans = sent("loan").group_by("loan_class").agg(pl.col("customer_id").n_unique())
    cards = sent("card").group_by("card_kind", "card_grade").agg(pl.col("customer_id").n_unique())
    by_class, by_grade = dict(loans.iter_rows()), {row[:2]: row[2] for row in cards.iter_rows()}
    met = {
        rule["loan_class_code"]: by_class.get(rule["loan_class_code"], 0)
        for rule in seed("loan_factor_rules")
    }
    met |= {
        rule["card_grade_code"]: by_grade.get((rule["card_kind_code"], rule["card_grade_code"]), 0)
        for rule in seed("card_factor_rules")
    }

    assert [rule for rule, count in met.items() if not count] == []
