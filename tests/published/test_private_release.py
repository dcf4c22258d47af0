"""The private release: clear values, in a file that says nothing without its key."""

import logging
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import ConfigurationError
from orchestration.releases.keys import PRIVATE_KEY
from orchestration.releases.on_disk import releases
from orchestration.republish import change_key, make_private_release
from orchestration.settings import Settings
from tests.support.published import found, private_values
from tests.support.warehouse import Warehouse

KEY = "the key of private releases in tests, 'quoted'"


@pytest.fixture(scope="module")
def bank(town: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings.load(town.copy_to(Path(tmp_path_factory.mktemp("private")) / "home").home)


def test_without_a_key_there_is_none(bank: Settings):
    with pytest.raises(ConfigurationError, match=PRIVATE_KEY):
        make_private_release(bank)


def test_it_tells_nothing_without_its_key_and_all_with_it(
    bank: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    pytest.importorskip("duckdb_extension_httpfs")
    monkeypatch.setenv(PRIVATE_KEY, KEY)
    with caplog.at_level(logging.DEBUG):
        path = make_private_release(bank)
    secrets = private_values(bank.landing, "name", "number")

    assert found([*secrets, KEY], [path.read_bytes().decode("utf-8", errors="ignore"), caplog.text]) == set()
    assert {p.stat().st_mode & 0o777 for p in (path, path.parent)} == {0o400, 0o500}
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    for wrong in ({}, {"key": "wrong"}):
        with duckdb.connect() as connection, pytest.raises(duckdb.Error):
            option = "(encryption_key $key)" if wrong else ""
            connection.execute(f"attach '{path}' as private {option}", wrong)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{path}' as clear (read_only, encryption_key $key)", {"key": KEY})
        named = connection.execute(
            "select customer_name, cert_no, mobile from clear.private.customer"
        ).fetchall()
        accounts = connection.execute(
            "select distinct account_id from clear.customer_value.rpt_private_bank_transaction_detail"
        ).fetchall()
    assert len(named) > 250 and {row[0] for row in named} <= secrets
    assert accounts and {row[0] for row in accounts} <= secrets


def test_a_new_key_is_a_new_release_and_ends_those_of_the_old_one(
    bank: Settings, monkeypatch: pytest.MonkeyPatch
):
    before = releases(bank)
    monkeypatch.setenv("ACRM_HASH_KEY", "the key that comes after the first one")

    name = change_key(bank)

    assert [release.name for release in releases(bank)] == [name]
    assert name not in {release.name for release in before}
    old, new = "key of the tests", "the key that comes"
    said = "\n".join(path.read_bytes().decode("utf-8", errors="ignore") for path in bank.home.rglob("*.json"))
    assert old not in said and new not in said
