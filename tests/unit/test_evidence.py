"""The examiner's folder: what it refers to is there, what it tells is true, and it names nobody."""

import csv
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest
from pydantic import ValidationError
from typer.main import get_command

from contract.classes import PFI_SOURCE
from orchestration.cli import app
from orchestration.erased import Erased, Register, write_register
from orchestration.erasure import releases as erasing
from orchestration.errors import ConfigurationError
from orchestration.evidence import FILES, facts, write, write_evidence
from orchestration.evidence.duties import Duties, Law, Rule, load_duties, missing
from orchestration.ingestion.audit import ErasureRun, Withdrawal, note
from orchestration.settings import Bank, Settings

COMMANDS = frozenset(get_command(app).commands)  # type: ignore[attr-defined]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_all_that_meets_a_rule_is_there() -> None:
    assert list(missing(load_duties(), FILES, COMMANDS)) == []
    assert {law.code for law in load_duties().laws} == {"bcbs239", "governance_2018", "security_2024", "pipl"}


@pytest.mark.parametrize(
    "reference",
    [
        "test tests/unit/test_evidence.py::test_nobody_wrote", "test tests/unit/test_none.py",
        "test orchestration/cli.py", "test tests/../orchestration/cli.py", "table quality.fct_nothing",
        "check no_such_check", "document docs/none.md", "document README.md#no-such-heading",
        "command nothing", "setting colour", "evidence none.csv",
    ],
)  # fmt: skip
def test_what_is_not_there_is_named(reference: str) -> None:
    rule = Rule(at="article 1", is_compared=True, says="x", met_by=(reference,), bank="y")
    duties = Duties(laws=(Law(code="law", title="t", source="s", rules=(rule,)),))
    assert list(missing(duties, FILES, COMMANDS)) == [f"law, article 1: there is no {reference}"]


@pytest.mark.parametrize("reference", ["rumour of it", "test", "test  two words", ""])
def test_a_reference_of_no_kind_is_refused(reference: str) -> None:
    with pytest.raises(ValidationError, match="met_by"):
        Rule(at="article 1", is_compared=True, says="x", met_by=(reference,), bank="y")


def test_of_what_was_not_compared_with_the_text_no_number_is_claimed() -> None:
    with pytest.raises(ValidationError, match="chapter 3: was not compared with the text"):
        Rule(at="chapter 3", is_compared=False, says="x", bank="y")
    page = "".join(part for law in load_duties().laws for part in write._law(law))
    told = [rule for law in load_duties().laws for rule in law.rules if not rule.is_compared]
    assert told and all(
        f"| {rule.at} (not compared with the text: look it up there) |" in page for rule in told
    )


def test_a_new_home_has_its_rules_and_classes_and_says_that_nothing_is_published(tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    written = write_evidence(Settings.load(tmp_path / "home"), folder)

    assert {path.name for path in folder.iterdir()} == set(FILES)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert written["releases.csv"] == written["gates.csv"] == written["batches.csv"] == 0
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert "Nothing is published yet" in page
    assert PFI_SOURCE in page
    for law in load_duties().laws:
        assert law.title in page
    for line in (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    told = {(row["where"], row["table"], row["column"]): row for row in rows(folder / "columns.csv")}
    assert told["extract", "customer", "cert_no"] | {"chinese name": ""} == {
        "where": "extract", "table": "customer", "column": "cert_no", "type": "text", "pfi": "C2",
        "level": "sensitive", "private": "hash", "chinese name": "",
    }  # fmt: skip
    published = told["published", "customer_value.fct_customer_aum_monthly", "aum_end_amt"]
    assert (published["pfi"], published["level"]) == ("C2", "sensitive")


def test_withdrawals_and_erasures_are_told_without_the_persons(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path / "home")
    at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    note(settings, Withdrawal(business_date="2026-10-30", sequence=2, manifest_sha256="ab", at=at, by="ops",
                              reason="=dated wrongly"))  # fmt: skip
    note(settings, ErasureRun(at=at, by="privacy desk", order="2026-117", customers=1))
    write_register(settings, Register(customers=(Erased(customer_id="0000000067", order="2026-117"),)))

    write_evidence(settings, tmp_path / "evidence")

    (withdrawn,) = rows(tmp_path / "evidence" / "withdrawals.csv")
    assert (withdrawn["by"], withdrawn["sequence"], withdrawn["reason"]) == ("ops", "2", "'=dated wrongly")
    (asked,) = rows(tmp_path / "evidence" / "erasure_runs.csv")
    assert asked == {"at": at.isoformat(), "by": "privacy desk", "order": "2026-117", "customers": "1"}
    (erased,) = rows(tmp_path / "evidence" / "erasures.csv")
    assert erased == {
        "order": "2026-117", "is_gone_from_releases": "True", "is_gone_from_lake_and_build": "False",
    }  # fmt: skip
    assert not any(
        "0000000067" in path.read_text(encoding="utf-8") for path in (tmp_path / "evidence").iterdir()
    )
    modes = {row["place"]: row["is_its_owners_alone"] for row in rows(tmp_path / "evidence" / "rights.csv")}
    assert modes["audit"] == modes["erasure"] == "True"


def test_a_person_whom_a_release_still_names_is_not_certified_as_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.load(tmp_path / "home")
    people = (Erased(customer_id="C1", order="killed"), Erased(customer_id="C2", order="done"))
    write_register(settings, Register(customers=people))
    release = SimpleNamespace(folder=tmp_path)
    pl.DataFrame({"parent_customer_id": ["C1", "C3"]}).write_parquet(tmp_path / "part.parquet")
    columns = [SimpleNamespace(name="parent_customer_id")]
    table = SimpleNamespace(files=[SimpleNamespace(path="part.parquet")], columns=columns)
    monkeypatch.setattr(erasing, "releases", lambda settings: [release])
    monkeypatch.setattr(erasing, "read_catalog", lambda folder: SimpleNamespace(tables=[table]))

    found = {order: is_gone for order, is_gone, _ in facts.erasures(settings)[1]}
    assert found == {"killed": False, "done": True}
    # a release that was never finished may name anybody
    (settings.published / ".building-x").mkdir(parents=True)
    assert not any(is_gone for _, is_gone, _ in facts.erasures(settings)[1])


def test_choices_hold_no_address_of_a_receiver(tmp_path: Path) -> None:
    hook = {"webhook": {"url": "https://chat.test/hooks/secret"}, "when": "late"}
    settings = Settings(tmp_path, Bank.model_validate({"notify": [hook]}))

    told = dict(facts.choices(settings)[1])

    assert told["notify.1"] == "webhook: late" and "secret" not in str(told)


def test_every_folder_of_a_home_is_among_the_rights(tmp_path: Path) -> None:
    for place in ("runs", "quality", "dagster", "bi", "cuts", "private"):
        (tmp_path / place).mkdir()

    told = {place for place, *_ in facts.rights(Settings(tmp_path, Bank()))[1]}
    assert told == {"runs", "quality", "dagster", "bi", "cuts", "private"}


def test_a_folder_that_could_not_be_written_is_no_half_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings.load(tmp_path / "home")
    with monkeypatch.context() as patch:
        patch.setattr(write, "_page", lambda *arguments: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_evidence(settings, tmp_path / "out" / "evidence")
    assert list((tmp_path / "out").iterdir()) == []

    write_evidence(settings, tmp_path / "out" / "evidence")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes").write_text("mine", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name in ("taken", "link"):
        with pytest.raises(ConfigurationError, match="is not an empty folder"):
            write_evidence(Settings.load(tmp_path / "home"), tmp_path / name)
    assert [path.name for path in (tmp_path / "taken").iterdir()] == ["notes"]
    assert not (tmp_path / "elsewhere").exists()
