"""The private release: clear values, in a file that says nothing without its key."""

import hmac
import logging
from pathlib import Path

import duckdb
import pytest

from orchestration.errors import ConfigurationError
from orchestration.releases.keys import HASH_KEY, PRIVATE_KEY, Key, read_key
from orchestration.releases.on_disk import releases
from orchestration.republish import change_key, make_private_release
from orchestration.settings import Settings
from tests.support.published import found, private_values
from tests.support.quick_build import run_quickly
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


def hashed_by(bank: Settings, key: Key) -> set[str]:
    """Numbers of the bank as a key hashes them."""
    pad = key.derived("acrm published numbers")
    numbers = private_values(bank.landing, "number")
    with duckdb.connect(str(bank.database), read_only=True) as build:
        numbers |= {
            text
            for (text,) in build.execute(
                "select customer_id from intermediate.int_customer__versions union"
                " select identity_key from intermediate.int_event__told union"
                " select subject_id from intermediate.int_event__told"
            ).fetchall()
        }
    return {hmac.digest(pad, number.encode(), "sha256").hex()[:32] for number in numbers}


def hashes_in(database: Path) -> set[str]:
    """Whatever looks like a hash in any table."""
    found: set[str] = set()
    with duckdb.connect(str(database), read_only=True) as connection:
        for schema, table, column in connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where data_type = 'VARCHAR'"
            " and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables())"
        ).fetchall():
            found |= {
                text
                for (text,) in connection.execute(
                    f"select distinct unnest(regexp_extract_all(\"{column}\", '[0-9a-f]{{32}}'))"
                    f' from "{schema}"."{table}"'
                ).fetchall()
            }
    return found


def test_a_new_key_is_a_new_release_and_ends_those_of_the_old_one(
    bank: Settings, monkeypatch: pytest.MonkeyPatch
):
    before, old_hashes = releases(bank), hashed_by(bank, read_key(bank, HASH_KEY))
    assert hashes_in(bank.database) & old_hashes
    monkeypatch.setenv("ACRM_HASH_KEY", "the key that comes after the first one")
    with monkeypatch.context() as killed:
        killed.setattr("orchestration.republish.make_release", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            change_key(bank)
    assert releases(bank) == before

    name = change_key(bank)

    assert [release.name for release in releases(bank)] == [name]
    assert name not in {release.name for release in before}
    old, new = "key of the tests", "the key that comes"
    said = "\n".join(path.read_bytes().decode("utf-8", errors="ignore") for path in bank.home.rglob("*.json"))
    assert old not in said and new not in said
    for database in (bank.database, bank.published / "current" / "acrm.duckdb"):
        hashes = hashes_in(database.resolve())
        assert hashes & hashed_by(bank, read_key(bank, HASH_KEY)) and not hashes & old_hashes


def test_the_night_after_a_new_key_tells_no_event_twice(bank: Settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ACRM_HASH_KEY", "the key that comes after the first one")
    told = "select * from monitoring.fct_event {} order by entry_id"
    with duckdb.connect(str(bank.published / "current" / "acrm.duckdb"), read_only=True) as release:
        before = release.execute(told.format("")).fetchall()

    (night,) = run_quickly(bank)

    with duckdb.connect(str(bank.published / "current" / "acrm.duckdb"), read_only=True) as release:
        tonight = f"where knowledge_date = date '{night.batch.business_date}'"
        assert before and release.execute(told.format(tonight.replace(" = ", " < "))).fetchall() == before
        assert release.execute(
            f"select count(*) from monitoring.fct_event {tonight}"
            f" and (business_date <> knowledge_date or entry_type_code = 'withdrawal')"
        ).fetchone() == (0,)
