"""What a bank's data engineer does wrong the first time: a line each, with the place and what to do."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contract.model import Table, load_contract
from orchestration.check_rules import CHECK_RULES, rule_for
from orchestration.cli import app
from orchestration.errors import BadBatchError, Fault
from orchestration.ingestion.manifest import file_digest
from orchestration.ingestion.mapping import Mapping
from orchestration.onboarding.describe import describe
from orchestration.onboarding.mending import mended_by_hand
from orchestration.onboarding.starter import make_home
from orchestration.onboarding.validate import validate_folder
from orchestration.settings import Settings

Edit = Callable[[Path], None]
CHINESE = "账号,客户号,产品代码,机构号,币种,开户日期,销户日期,到期日,利率,状态"
ASKS_THE_SENDER = re.compile("sent again|core-banking|quarantine files", re.I)


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("starter") / "bank").home


@pytest.fixture
def bank(starter: Path, tmp_path: Path) -> Settings:
    return Settings.load(shutil.copytree(starter, tmp_path / "bank"))


def folder_of(bank: Settings) -> Path:
    return bank.landing / "business_date=2026-10-31" / "sequence=1"


def written(name: str, *changes: tuple[str, str], encoding: str = "utf-8") -> Edit:
    def edit(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after)
        (folder / name).write_bytes(text.encode(encoding))

    return edit


def marked(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def one_other_row(folder: Path) -> None:
    lines = (folder / "account.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "account.csv").write_text(
        "".join([*lines[:2], lines[2].replace(",", ";"), *lines[3:]]), "utf-8"
    )


def twice(folder: Path) -> None:
    lines = (folder / "account.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "account.csv").write_text("".join([*lines, lines[1]]), encoding="utf-8")


def described_and_validated(bank: Settings) -> list[str]:
    """The lines of both commands, one after the other, as whoever prepares a delivery calls them."""
    try:
        describe(bank, folder_of(bank))
    except BadBatchError as refused:
        return str(refused).splitlines()
    found = validate_folder(folder_of(bank), bank)
    assert bool(found.exit_code) == any(finding.severity == "block" for finding in found.findings)
    return [str(finding) for finding in found.findings]


@pytest.mark.parametrize(
    "edit",
    [
        written("account.csv", (",", "#")),
        marked,
        written("account.csv", ("account_id,customer_id", "ACCOUNT_ID, Customer_Id ")),
        written("customer.csv", encoding="gb18030"),
    ],
    ids=["another delimiter", "byte order marks", "other case and blanks in a header", "gb18030"],
)
def test_what_can_be_found_out_is_no_mistake(bank: Settings, edit: Edit) -> None:
    edit(folder_of(bank))

    assert described_and_validated(bank) == []


ACCOUNT, BALANCE = "account · account.csv", "deposit_balance · deposit_balance.csv"


@pytest.mark.parametrize(
    ("edit", "place", "remedy", "following"),
    [
        (one_other_row, f"{ACCOUNT} · row 2 · row_shape", "Check delimiter and quotes", 2),
        (
            written("account.csv", ("2020-03-02", "2020/3/2"), ("2018-07-16", "2018/7/16")),
            f"{ACCOUNT} · row 1 · open_date · value_not_parsed",
            'A day is written 2026-10-31; say another way in mapping.yml (columns: open_date: {from: …, date',
            2,
        ),
        (
            written("deposit_balance.csv", ("12000.00", '"12,000.00"')),
            f"{BALANCE} · row 2 · balance · value_not_parsed",
            'say thousands signs, a decimal comma or cents in mapping.yml (columns: balance: {from: …, thous',
            0,
        ),
        (
            written("deposit_balance.csv", ("12000.00", "12,000.00")),
            f"{BALANCE} · row 2 · row_shape",
            "a value that holds the delimiter (12,000.00) stands in quotes",
            0,
        ),
        (
            written("deposit_balance.csv", ("8500.00", "8500.005")),
            f"{BALANCE} · row 1 · balance · value_not_parsed",
            "at most 2 decimals, 12000.50, and nothing is rounded here",
            0,
        ),
        (
            written("account.csv", ("0.002", "0.2%")),
            f"{ACCOUNT} · row 1 · interest_rate · value_not_parsed",
            "a fraction of at most 6 decimals, 0.025 for 2.5 %; say percents in mapping.yml",
            2,
        ),
        (
            written("account.csv", (",0.0145,", ",1.45,")),
            "account · interest_rate · rate_above_one: A rate is above 1: 1 of 4 rows",
            "If rates are told in percent, say divide_by: 100 of the column in mapping.yml",
            0,
        ),
        (
            written("account.csv", ("open\n", "A\n")),
            f"{ACCOUNT} · row 1 · status · value_not_in_list",
            "The codes are open, closed, dormant: translate others in mapping.yml (columns: status: ",
            5,
        ),
        (
            written("account.csv", ("C001", "C009")),
            f"{ACCOUNT} · row 1 · customer_id · reference_unknown",
            "Add the row to customer, or mend customer_id",
            2,
        ),
        (
            lambda folder: (folder / "product.csv").unlink(),
            "product · manifest_table_missing",
            "Put its file there, if only with the header (templates/product.csv)",
            0,
        ),
        (
            written("account.csv", ("account_id,customer_id,product_code", "a,b,c")),
            f"{ACCOUNT} · column_missing: the columns account_id, customer_id, product_code are missing",
            "Say in mapping.yml which of its columns is which",
            0,
        ),
        (
            written("account.csv", ("status", "state")),
            f"{ACCOUNT} · status · column_missing",
            "Say which column of the file it is in mapping.yml (columns: status: THEIR_NAME)",
            0,
        ),
        (twice, f"{ACCOUNT} · row 5 · account_id · key_not_unique", "Have each key once in the files", 0),
        (
            lambda folder: (folder / "monthly_balance_history.csv").unlink(),
            "monthly_balance_history · start_without_history: The first batch comes inside a month",
            "or set accept_partial_start: true in bank.yml",
            0,
        ),
        (
            written("customer.csv", encoding="utf-16"),
            "customer · customer.csv · file_unreadable: it is text in UTF-16",
            "Save it as CSV in UTF-8",
            0,
        ),
        (
            lambda folder: (folder / "account.csv").rename(folder / "Accounts.xlsx"),
            "Accounts.xlsx · file_extra: it is an Excel workbook",
            "Save it as CSV in UTF-8",
            0,
        ),
        (
            lambda folder: (folder / "account.csv").write_bytes(b"PK\x03\x04" + bytes(100)),
            f"{ACCOUNT} · file_unreadable: it is an Excel workbook",
            "Save it as CSV in UTF-8",
            0,
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_a_line_with_place_rule_and_what_to_do(
    bank: Settings, edit: Edit, place: str, remedy: str, following: int
) -> None:
    edit(folder_of(bank))
    first, *others = described_and_validated(bank)

    assert place in first and remedy in first
    # what only follows from it comes after it, and says so
    assert len(others) == following
    assert all("refused: mend those first" in line for line in others)
    assert not [line for line in (first, *others) if ASKS_THE_SENDER.search(line)]


def test_a_header_of_other_names_is_no_row(bank: Settings) -> None:
    account = folder_of(bank) / "account.csv"
    header, rows = account.read_text(encoding="utf-8").split("\n", 1)
    account.write_text(f"{CHINESE}\n{rows}", encoding="utf-8")
    (line,) = described_and_validated(bank)
    assert line.startswith(f"{ACCOUNT} · column_missing: its first line is a header, and names none of the")
    assert "Say in mapping.yml which of its columns is which, under columns" in line
    assert "账号" not in line

    # as it says
    names = dict(zip(header.split(","), CHINESE.split(","), strict=True))
    said = {"tables": {"account": {"columns": names}}}
    (bank.home / "mapping.yml").write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    assert described_and_validated(bank) == []

    # rows without a header are rows, be a column of theirs wrong throughout
    (bank.home / "mapping.yml").unlink()
    account.write_text(re.sub(r"(open)$", "A", rows, flags=re.M), encoding="utf-8")
    assert "value_not_in_list" in described_and_validated(bank)[0]


def test_a_manifest_by_hand_with_another_delimiter_or_encoding_is_told(bank: Settings) -> None:
    def sealed(name: str) -> list[str]:
        manifest = folder_of(bank) / "manifest.json"
        content = json.loads(manifest.read_text(encoding="utf-8"))
        (file,) = content["tables"][name]["files"]
        file["sha256"] = file_digest(folder_of(bank) / file["name"])
        manifest.write_text(json.dumps(content), encoding="utf-8")
        return [str(finding) for finding in validate_folder(folder_of(bank), bank).findings]

    written("account.csv", (",", ";"))(folder_of(bank))
    (line,) = sealed("account")
    assert f"{ACCOUNT} · column_missing: its first line is one field: another delimiter than" in line
    written("account.csv", (";", ","))(folder_of(bank))
    sealed("account")

    written("customer.csv", encoding="gb18030")(folder_of(bank))
    first, *others = sealed("customer")
    assert "customer · customer.csv · row 1 · customer_name · text_undecodable" in first
    assert "Check the encoding: acrm manifest --replace finds it" in first
    assert all("refused: mend those first" in line for line in others)


def test_a_file_changed_after_its_manifest_asks_for_another_manifest(
    bank: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    written("deposit_balance.csv", ("8500.00", "8600.00"))(folder_of(bank))
    monkeypatch.setenv("ACRM_HOME", str(bank.home))
    said = CliRunner().invoke(app, ["validate", str(folder_of(bank))]).output

    assert "file_checksum" in said and "If it was mended, write the manifest anew" in said
    assert said.splitlines()[-1] == "1 finding. A run would refuse it."
    assert "then acrm manifest --replace FOLDER and acrm validate FOLDER" in said.splitlines()[-2]


def test_a_missing_table_is_told_with_the_manifest(bank: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder_of(bank) / "product.csv").unlink()
    monkeypatch.setenv("ACRM_HOME", str(bank.home))
    said = CliRunner().invoke(app, ["manifest", "--replace", str(folder_of(bank))])

    assert said.exit_code == 0
    assert said.output.splitlines()[-1].startswith(
        "No file is of product, which every batch has: put it there"
    )


def test_whoever_prepares_a_delivery_is_not_told_to_ask_for_it() -> None:
    rows = csv.DictReader(CHECK_RULES.read_text(encoding="utf-8").splitlines())
    rules = {row["check_code"] for row in rows}
    # codes after the gate, and such as no mending of files helps
    told = {code for code in rules if ASKS_THE_SENDER.search(rule_for(code).remedy)} - {
        "bridge_unexplained", "batch_changed", "batch_out_of_bounds", "payment_of_one_side",
        "transfer_one_leg", "cost_not_allocated", "debts_not_conserved", "closed_month_changed",
    }  # fmt: skip
    assert len(told) > 20
    for table in load_contract().tables:
        for column in (None, *(column.name for column in table.columns)):
            for code in sorted(told):
                remedy = mended_by_hand(
                    Fault(code, "", rule_for(code).remedy, table.name, column=column)
                ).remedy
                assert not ASKS_THE_SENDER.search(remedy), (code, column)


@pytest.mark.parametrize("table", load_contract().tables, ids=attrgetter("name"))
def test_what_a_line_says_of_the_mapping_can_be_said_there(table: Table) -> None:
    shown = {
        "from": "X",
        "codes": {"a": "b"},
        "date": "%Y",
        "thousands": ".",
        "decimal": ",",
        "divide_by": 10,
    }
    for column in table.columns:
        line = mended_by_hand(Fault("value_not_parsed", "", "", table.name, column=column.name)).remedy
        for name, words in re.findall(r"\(columns: (\w+): (\{.*\})\)", line):
            keys = re.findall(r"(\w+):", re.sub(r'"[^"]*"', "", words))
            said = {name: {key: shown[key] for key in keys}}
            Mapping.model_validate({"tables": {table.name: {"columns": said}}})
