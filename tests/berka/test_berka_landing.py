"""The importer on the real data set, against a reference that shares no code with it."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from orchestration.settings import BatchId, Settings
from sample_bank.berka import FIRST_NIGHT, LAST_NIGHT, import_berka
from tests.berka import reference

DOCUMENT = Path(__file__).parents[2] / "docs" / "berka.md"


@pytest.fixture(scope="module")
def home(berka_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("berka")
    import_berka(berka_folder, Settings.load(folder))
    return folder


def landed(home: Path, night: date, table: str) -> pl.DataFrame:
    return pl.read_parquet(home / "landing" / BatchId(night, 1).folder / f"{table}-0001.parquet")


def test_history_and_nights_add_up_to_every_account_month(home: Path, berka_folder: Path) -> None:
    expected = reference.account_months(berka_folder, LAST_NIGHT)

    end: dict[tuple[str, date], Decimal] = {}
    total: dict[tuple[str, date], Decimal] = defaultdict(Decimal)
    for row in landed(home, FIRST_NIGHT, "monthly_balance_history").to_dicts():
        end[row["account_id"], row["balance_month"]] = row["month_end_balance"]
        total[row["account_id"], row["balance_month"]] = row["balance_sum"]
    for night in reference.days(FIRST_NIGHT, LAST_NIGHT):
        for account_id, balance in (
            landed(home, night, "deposit_balance").select("account_id", "balance").rows()
        ):
            end[account_id, night.replace(day=1)] = balance
            total[account_id, night.replace(day=1)] += max(balance, Decimal(0))

    assert end == {key: month.end_balance for key, month in expected.items()}
    assert dict(total) == {key: month.balance_sum for key, month in expected.items()}


def test_every_transaction_of_the_nights_arrives_once(home: Path, berka_folder: Path) -> None:
    expected = sorted(
        str(row["trans_id"])
        for row in reference.rows(berka_folder, "trans")
        if FIRST_NIGHT <= reference.day(str(row["date"])) <= LAST_NIGHT
    )

    nights = reference.days(FIRST_NIGHT, LAST_NIGHT)
    arrived = [txn for night in nights for txn in landed(home, night, "transaction")["txn_id"].to_list()]

    assert sorted(arrived) == expected


def test_every_reference_is_known_by_then(home: Path) -> None:
    known: dict[str, set[str]] = defaultdict(set)
    keys = {"customer": "customer_id", "account": "account_id", "loan": "loan_id", "card": "card_id"}
    references = {
        "account": ("customer_id",),
        "deposit_balance": ("account_id",),
        "loan": ("customer_id",),
        "loan_balance": ("loan_id",),
        "card": ("customer_id",),
        "card_txn": ("card_id",),
        "transaction": ("account_id",),
        "fee_income": ("customer_id",),
    }
    for night in reference.days(FIRST_NIGHT, LAST_NIGHT):
        for table, key in keys.items():
            known[key] |= set(landed(home, night, table)[key])
        for table, columns in references.items():
            for column in columns:
                assert set(landed(home, night, table)[column]) <= known[column], (night, table, column)
    assert {key: len(values) for key, values in known.items()} == {
        "customer_id": 1489,
        "account_id": 1229,
        "loan_id": 37,
        "card_id": 6,
    }


def test_the_document_counts_the_ambiguity_of_posting_order(berka_folder: Path) -> None:
    counts = reference.posting_order(berka_folder, LAST_NIGHT)

    text = DOCUMENT.read_text(encoding="utf-8")

    sentences = [
        f"{counts.account_days:,} account-days of {counts.accounts:,} accounts",
        f"{counts.shared_days:,} account-days of {counts.shared_day_accounts:,} accounts "
        f"have more than one transaction ({counts.shared_rows:,} rows)",
        f"{counts.last_row_days:,} account-days of {counts.last_row_accounts:,} accounts",
        f"{counts.differing_days:,} account-days of {counts.differing_accounts:,} accounts",
        f"at most {counts.largest_difference} CZK",
        f"{counts.last_row_month_ends:,} of {counts.month_ends:,} account-months",
    ]
    assert [sentence for sentence in sentences if sentence not in " ".join(text.split())] == []
