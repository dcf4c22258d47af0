"""The importer on a bank of three accounts, reckoned by hand."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from orchestration.errors import ConfigurationError
from orchestration.ingestion.landing import landed_batches
from orchestration.ingestion.manifest import check_file, check_manifest, read_manifest
from orchestration.settings import BatchId, Settings
from sample_bank.berka import import_berka
from tests.berka.mini import TABLES, changed, write_asc, write_csv, write_parquet
from tests.support.warehouse import tree_hashes

FIRST, LAST = date(1994, 1, 1), date(1994, 2, 1)


def imported(folder: Path, home: Path, first: date = FIRST, last: date = LAST) -> list[BatchId]:
    return import_berka(folder, Settings.load(home), first_night=first, last_night=last)


def landed(home: Path, night: date, table: str) -> list[dict[str, Any]]:
    folder = home / "landing" / BatchId(night, 1).folder
    return pl.read_parquet(folder / f"{table}-0001.parquet").to_dicts()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mini")
    imported(write_asc(folder / "data"), folder / "home")
    return folder / "home"


def test_every_night_has_a_complete_batch_that_keeps_the_contract(home: Path) -> None:
    batches = landed_batches(Settings.load(home))

    assert len(batches) == 32
    for batch in batches:
        folder = home / "landing" / batch.folder
        manifest = read_manifest(folder, batch)
        is_initial = batch.business_date == FIRST
        begun = () if is_initial else manifest.tables
        assert (
            check_manifest(manifest, folder, is_initial=is_initial, begun=begun, begun_before_the_day=begun)
            == []
        )
        for table, delivery in manifest.deliveries:
            assert [check_file(folder, table.name, file) for file in delivery.files] == [None]


def test_balances_are_what_was_booked_so_far(home: Path) -> None:
    def balances(night: date) -> dict[str, Decimal]:
        return {row["account_id"]: row["balance"] for row in landed(home, night, "deposit_balance")}

    assert balances(date(1994, 1, 1)) == {"10": Decimal("1000.50"), "11": Decimal("-50.50")}
    # VYBER is a third code, and it takes money out
    assert balances(date(1994, 1, 2)) == {"10": Decimal("700.50"), "11": Decimal("449.50")}
    assert balances(date(1994, 2, 1)) == {
        "10": Decimal("417.90"),
        "11": Decimal("449.50"),
        "12": Decimal("700.00"),
    }


def test_the_initial_load_holds_the_months_before_it(home: Path) -> None:
    months = {
        (row["account_id"], row["balance_month"]): (
            row["month_end_balance"],
            row["balance_sum"],
            row["day_count"],
        )
        for row in landed(home, FIRST, "monthly_balance_history")
    }

    assert len(months) == 13
    # 16 days of 1,000.00 and the last of 1,000.50
    assert months["10", date(1993, 1, 1)] == (Decimal("1000.50"), Decimal("17000.50"), 31)
    assert months["10", date(1993, 2, 1)] == (Decimal("1000.50"), Decimal("28014.00"), 28)
    # an overdrawn day adds nothing, the month-end balance keeps its sign
    assert months["11", date(1993, 12, 1)] == (Decimal("-50.50"), Decimal("100.00"), 31)


def test_the_running_month_of_the_initial_load_covers_the_days_before_it(tmp_path: Path) -> None:
    imported(write_csv(tmp_path / "data"), tmp_path / "home", date(1994, 1, 3), date(1994, 1, 3))

    history = landed(tmp_path / "home", date(1994, 1, 3), "monthly_balance_history")

    january = [row for row in history if row["balance_month"] == date(1994, 1, 1)]
    assert [(row["account_id"], row["month_end_balance"], row["balance_sum"]) for row in january] == [
        ("10", Decimal("700.50"), Decimal("1701.00")),
        ("11", Decimal("449.50"), Decimal("449.50")),
    ]
    assert {row["day_count"] for row in january} == {2}


def test_customers_and_accounts_are_known_from_the_day_the_account_opens(home: Path) -> None:
    first = {row["customer_id"]: row for row in landed(home, FIRST, "customer")}
    assert set(first) == {"100", "101", "103"}
    assert (first["100"]["gender"], first["100"]["birth_date"]) == ("F", date(1970, 12, 13))
    assert (first["101"]["gender"], first["101"]["birth_date"]) == ("M", date(1945, 2, 4))
    assert first["103"]["customer_name"] == "Client 103"
    # the user of an account lives elsewhere than the account is kept
    assert (first["103"]["home_org_id"], first["103"]["region_code"]) == ("1", "central Bohemia")

    assert landed(home, date(1994, 1, 31), "customer") == []
    (later,) = landed(home, date(1994, 2, 1), "customer")
    assert (later["customer_id"], later["first_open_date"], later["op"]) == ("102", date(1994, 2, 1), "I")
    (account,) = landed(home, date(1994, 2, 1), "account")
    assert (account["account_id"], account["customer_id"], account["op"]) == ("12", "102", "I")


def test_districts_are_branches_of_one_head_office(home: Path) -> None:
    orgs = landed(home, LAST, "org")

    assert [(row["org_id"], row["org_level"], row["parent_org_id"]) for row in orgs] == [
        ("0", "head_office", None),
        ("1", "branch", "0"),
        ("2", "branch", "0"),
    ]
    assert orgs[1]["org_name"] == "Hl.m. Praha"


def test_transactions_come_in_the_night_they_were_booked(home: Path) -> None:
    cash, pension = landed(home, date(1994, 1, 2), "transaction")
    assert (cash["txn_id"], cash["direction"], cash["txn_type"]) == ("3", "out", "cash")
    assert (cash["is_in_bank"], cash["counter_account"]) == (True, None)
    assert (pension["txn_id"], pension["direction"], pension["txn_type"]) == ("9", "in", "transfer")
    assert (pension["counter_bank_code"], pension["counter_account"]) == ("CD", "678")
    assert pension["is_in_bank"] is False

    (card,) = landed(home, date(1994, 1, 6), "transaction")
    # the '0' beside an empty bank is no account
    assert (card["channel_code"], card["counter_account"]) == ("card", None)
    assert landed(home, date(1994, 1, 3), "transaction") == []


def test_statement_fees_are_fee_income_too(home: Path) -> None:
    (fee,) = landed(home, date(1994, 1, 31), "fee_income")

    assert (fee["fee_id"], fee["customer_id"], fee["org_id"]) == ("6", "100", "1")
    assert (fee["fee_type"], fee["amount"]) == ("statement", Decimal("14.60"))


def test_a_card_is_known_when_issued_and_its_withdrawals_are_no_consumption(home: Path) -> None:
    assert landed(home, FIRST, "card") == []
    (card,) = landed(home, date(1994, 1, 5), "card")
    assert (card["card_id"], card["customer_id"], card["card_kind"]) == ("700", "100", "debit")
    assert (card["card_grade"], card["expiry_date"]) == ("gold", date(9999, 12, 31))

    (withdrawal,) = landed(home, date(1994, 1, 6), "card_txn")
    assert (withdrawal["txn_id"], withdrawal["card_id"]) == ("4", "700")
    assert withdrawal["is_consumption"] is False


def test_a_loan_goes_down_with_its_payments_and_not_below_zero(home: Path) -> None:
    (loan,) = landed(home, FIRST, "loan")
    assert (loan["principal"], loan["maturity_date"]) == (Decimal("100.00"), date(1995, 1, 1))

    outstanding = [landed(home, date(1994, 1, day), "loan_balance")[0]["balance"] for day in (9, 10, 20)]
    assert outstanding == [Decimal("100.00"), Decimal("16.00"), Decimal("0.00")]


def test_all_formats_of_the_data_set_give_the_same_bytes(home: Path, tmp_path: Path) -> None:
    imported(write_csv(tmp_path / "csv"), tmp_path / "from_csv")
    imported(write_parquet(tmp_path / "parquet"), tmp_path / "from_parquet")

    expected = tree_hashes(home / "landing")
    assert tree_hashes(tmp_path / "from_csv" / "landing") == expected
    assert tree_hashes(tmp_path / "from_parquet" / "landing") == expected


def test_an_import_can_be_repeated_and_extended(home: Path, tmp_path: Path) -> None:
    data = write_asc(tmp_path / "data")

    short = imported(data, tmp_path / "home", last=date(1994, 1, 30))
    again = imported(data, tmp_path / "home", last=date(1994, 1, 30))
    longer = imported(data, tmp_path / "home")

    assert (len(short), again) == (30, [])
    assert longer == [BatchId(date(1994, 1, 31), 1), BatchId(date(1994, 2, 1), 1)]
    assert tree_hashes(tmp_path / "home") == tree_hashes(home)


def test_a_batch_that_differs_is_never_overwritten(tmp_path: Path) -> None:
    imported(write_asc(tmp_path / "data"), tmp_path / "home", last=date(1994, 1, 3))
    before = tree_hashes(tmp_path / "home")
    other = write_asc(tmp_path / "other", changed("trans", 4, "amount", "300.01"))

    with pytest.raises(ConfigurationError, match=r"business_date=1994-01-02.*landing is never changed"):
        imported(other, tmp_path / "home")
    with pytest.raises(ConfigurationError, match="the first batch there is of 1994-01-01"):
        imported(other, tmp_path / "home", first=date(1994, 1, 2))

    assert tree_hashes(tmp_path / "home") == before


def test_the_bank_is_written_down_once(home: Path, tmp_path: Path) -> None:
    bank = Settings.load(home).bank
    assert (bank.reporting_currency, bank.time_zone, bank.rulebook) == ("CZK", "Europe/Prague", "berka_czk")

    (tmp_path / "bank.yml").write_text("reporting_currency: CNY\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="another bank's"):
        imported(write_asc(tmp_path / "data"), tmp_path)
    assert not (tmp_path / "landing").exists()


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        pytest.param({**TABLES, "card": (["card_id"], [])}, "column disp_id, type, issued", id="columns"),
        pytest.param(changed("trans", 2, "type", "VKLAD"), "1 values of type .* row 3", id="unknown code"),
        pytest.param(changed("trans", 0, "amount", "1000.005"), "values of amount", id="half a cent"),
        pytest.param(changed("trans", 0, "date", "930231"), "values of date", id="no such day"),
        pytest.param(changed("client", 0, "birth_number", "701313"), "values of birth_number", id="month 13"),
        pytest.param(changed("trans", 0, "trans_id", 7), "trans_id is not unique", id="key twice"),
        pytest.param(
            changed("trans", 0, "account_id", 99), "trans: 1 rows name a account_id", id="reference"
        ),
        pytest.param(changed("disp", 3, "type", "OWNER"), "OWNER", id="two owners"),
        pytest.param(changed("trans", 0, "date", "930114"), "before their account opened", id="too early"),
        pytest.param(changed("trans", 0, "operation", ""), "row without operation", id="kind unknown"),
    ],
)
def test_data_the_mapping_has_no_answer_to_is_refused(tmp_path: Path, tables: Any, message: str) -> None:
    data = write_asc(tmp_path / "data", tables)

    with pytest.raises(ConfigurationError, match=message):
        imported(data, tmp_path / "home")

    assert not (tmp_path / "home").exists()


def test_each_table_has_to_be_there_once(tmp_path: Path) -> None:
    data = write_asc(tmp_path / "data")
    write_csv(tmp_path / "data", {"card": TABLES["card"]})
    with pytest.raises(ConfigurationError, match=r"card\.csv, card\.asc are the same table"):
        imported(data, tmp_path / "home")

    (data / "card.csv").unlink()
    (data / "card.asc").unlink()
    with pytest.raises(ConfigurationError, match=r"no card\.parquet"):
        imported(data, tmp_path / "home")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("card.parquet", b"not Parquet", id="parquet"),
        pytest.param(
            "card.asc", b"card_id;disp_id;type;issued\r\n700;1000;gold;940105;one more\r\n", id="fields"
        ),
        pytest.param("card.asc", b'card_id;disp_id;type;issued\r\n700;1000;"\xff";940105\r\n', id="encoding"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    data = write_asc(tmp_path / "data")
    (data / "card.asc").unlink()
    (data / name).write_bytes(content)

    with pytest.raises(ConfigurationError, match=f"{name}: cannot be read"):
        imported(data, tmp_path / "home")


@pytest.mark.parametrize(("first", "last"), [("1993-01-14", "1994-01-01"), ("1994-01-01", "1994-02-03")])
def test_nights_outside_of_the_data_are_refused(tmp_path: Path, first: str, last: str) -> None:
    with pytest.raises(ConfigurationError, match="the transactions are from 1993-01-15 to 1994-02-02"):
        imported(
            write_asc(tmp_path / "data"),
            tmp_path / "home",
            date.fromisoformat(first),
            date.fromisoformat(last),
        )
