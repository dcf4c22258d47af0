"""Names, certificate, mobile, card and account numbers never leave in the clear."""

import hmac
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.errors import ConfigurationError, PublicationError
from orchestration.evidence import write_evidence
from orchestration.publication.cut import cuts_folder
from orchestration.publication.rollback import rollback
from orchestration.publication.rotation import require_own_key, require_same_key
from orchestration.publication.spare import SPARE, set_aside
from orchestration.releases.catalog import read_catalog
from orchestration.releases.keys import HASH_KEY, Key, key_file, provide_demo_key, read_key
from orchestration.releases.marts import Mart, MartColumn, marts_from_manifest
from orchestration.releases.on_disk import releases
from orchestration.releases.privacy import hold_key, leaving, privacy_of
from orchestration.settings import BatchId, Settings
from tests.support.handmade import DAY, Delivery
from tests.support.published import found, hashed, private_values, readable
from tests.support.small_release import publish
from tests.support.warehouse import Warehouse


def test_no_published_byte_tells_a_private_value(town: Warehouse):
    secrets = private_values(town.home / "landing", "name", "number")
    customers = {row["customer_id"] for row in town.query("from customer_value.fct_customer_org_role")}
    # the bank's account numbers begin with the customer's, which is published: in the blocks of a database
    # file it may stand before another text and look like one
    like_others = {secret for secret in secrets if secret[:10] in customers}
    # what the nights noted of themselves is read by who looks after them
    assert (town.home / "runs" / "log.jsonl").stat().st_size > 0
    folders = (town.current.resolve(), town.home / "quality" / "docs", town.home / "runs")

    assert len(secrets - like_others) > 1000 and like_others
    assert found(secrets - like_others, [text for folder in folders for text in readable(folder)]) == set()
    told = [text for folder in folders for text in readable(folder, has_blocks=False)]
    assert found(like_others, told) == set()


def test_the_examiners_folder_names_nobody(town: Warehouse, tmp_path: Path):
    folder = tmp_path / "evidence"
    written = write_evidence(Settings.load(town.home), folder)

    assert written["checks.csv"] > 300 and written["releases.csv"] == 2 and written["batches.csv"] == 2
    secrets = private_values(town.home / "landing", "name", "number")
    customers = {row["customer_id"] for row in town.query("from customer_value.fct_customer_org_role")}
    # checksums are digits among letters: a short number may stand in one by chance
    told = [re.sub(r"\b[0-9a-f]{64}\b", "", text) for text in readable(folder)]
    assert found(secrets | customers, told) == set()


def test_accounts_are_hashed_alike_everywhere_and_others_stay_as_they_are(town: Warehouse):
    rows = town.query("select distinct account_id from customer_value.rpt_private_bank_transaction_detail")
    clear = private_values(town.home / "landing", "number")

    assert rows and {row["account_id"] for row in rows} <= {hashed(value) for value in clear}


def test_everything_is_private_to_its_owner(town: Warehouse):
    others = [path for path in town.home.rglob("*") if path.lstat().st_mode & 0o077 and not path.is_symlink()]

    assert [path for path in others if "landing" not in path.parts] == []


@pytest.mark.parametrize(
    ("column", "privacy"),
    [
        ("account_id", "hash"),
        ("credited_account_id", "hash"),
        ("customer_name", "mask"),
        ("birth_date", "withhold"),
        ("customer_id", None),
        ("accounted_amt", None),
        ("org_name", None),
    ],
)
def test_a_column_is_private_by_its_name(column: str, privacy: str | None):
    assert privacy_of(column) == privacy


def node(*columns: dict[str, object]) -> dict[str, object]:
    mart = {
        "resource_type": "model",
        "original_file_path": "models/marts/m.sql",
        "schema": "s",
        "name": "m",
        "config": {"meta": {"grain": [columns[0]["name"]]}},
        "columns": {str(column["name"]): column for column in columns},
    }
    return {"nodes": {"m": mart}}


def test_a_model_can_ask_for_more_privacy_and_not_for_less():
    columns = [
        {"name": "account_id", "data_type": "varchar", "config": {"meta": {"privacy": None}}},
        {"name": "remark", "data_type": "varchar", "config": {"meta": {"privacy": "mask"}}},
    ]
    (mart,) = marts_from_manifest(node(*columns))

    assert [column.privacy for column in mart.columns] == ["hash", "mask"]
    for name, data_type in (("birth_date", "date"), ("account_id", "integer")):
        with pytest.raises(PublicationError, match=name):
            marts_from_manifest(node({"name": name, "data_type": data_type}))


def test_masks_and_hashes(tmp_path: Path):
    import duckdb

    with duckdb.connect() as connection:
        hold_key(connection, Key("k" * 32))
        connection.execute("create table t as select unnest(['张伟', '王', '', null, 'Ann Lee']) as v")
        masks = connection.execute(f"select {leaving('v', 'mask')} from t").fetchall()
        hashes = connection.execute(f"select {leaving('v', 'hash')} from t").fetchall()
    secret = Key("k" * 32).derived("acrm published numbers")

    assert masks == [("张**",), ("**",), ("**",), (None,), ("A**",)]
    assert hashes[0] == (hmac.digest(secret, "张伟".encode(), "sha256").hex()[:32],)
    assert hashes[3] == (None,)


def test_names_of_lines_stay_and_numbers_that_look_like_them_do_not():
    import duckdb

    with duckdb.connect() as connection:
        hold_key(connection, Key("k" * 32))
        connection.execute(
            "create table t as from (values ('FEE:C1:SMS', 'C1', 'SMS'), ('FEE:C2:SMS', 'C1', 'SMS'),"
            " ('FEE', 'C1', 'SMS'), ('6222', 'C1', 'SMS'), ('FEE:C1:6222000011112222', 'C1', 'SMS'),"
            " ('FEE:C1:SMS', 'C1', null)) as t(v, customer_id, product_code)"
        )
        left = connection.execute(f"select {leaving('v', 'hash', 'FEE:')} from t").fetchall()
        hashes = connection.execute(f"select {leaving('v', 'hash')} from t").fetchall()

    assert left == [("FEE:C1:SMS",), *hashes[1:]]


def settings_without_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv(HASH_KEY)
    return Settings.load(tmp_path)


def test_a_missing_short_or_open_key_is_refused_outside_the_demo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = settings_without_key(tmp_path, monkeypatch)
    with pytest.raises(ConfigurationError, match="There is no key"):
        read_key(settings, HASH_KEY)

    monkeypatch.setenv(HASH_KEY, "too short")
    with pytest.raises(ConfigurationError, match="shorter than 32") as refused:
        read_key(settings, HASH_KEY)
    assert "too short" not in str(refused.value)

    monkeypatch.delenv(HASH_KEY)
    provide_demo_key(settings, [])
    assert read_key(settings, HASH_KEY).fingerprint == "demo"
    path = key_file(settings, HASH_KEY)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="others can read"):
        read_key(settings, HASH_KEY)


def test_another_key_than_the_releases_is_refused(town: Warehouse, monkeypatch: pytest.MonkeyPatch):
    settings = Settings.load(town.home)
    require_same_key(settings)

    monkeypatch.setenv(HASH_KEY, "another key of thirty-two characters or more")
    with pytest.raises(ConfigurationError, match="acrm rotate-key") as refused:
        require_same_key(settings)
    assert "thirty-two" not in str(refused.value) and "thirty-two" not in repr(Key("thirty-two" * 4))


def test_a_mart_cannot_publish_what_is_withheld():
    with pytest.raises(ValueError, match="cannot be published"):
        Mart(
            schema_name="s",
            name="t",
            grain=("a",),
            columns=(MartColumn(name="a", privacy="withhold"),),
        )


def test_the_key_that_everybody_knows_hashes_only_what_was_generated_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = settings_without_key(tmp_path, monkeypatch)
    generated, delivered = (Delivery(tmp_path, BatchId(DAY, number)).send() for number in (1, 2))
    provide_demo_key(settings, [generated.folder])

    require_own_key(settings, generated.batch)
    with pytest.raises(ConfigurationError, match=r"sequence 2 was not generated here.*a key of your own"):
        require_own_key(settings, delivered.batch)
    monkeypatch.setenv(HASH_KEY, key_file(settings, HASH_KEY).read_text(encoding="utf-8"))
    with pytest.raises(ConfigurationError, match="not generated here"):
        require_own_key(settings, delivered.batch)
    monkeypatch.setenv(HASH_KEY, "a key of the bank's own, of thirty-two characters")
    require_own_key(settings, delivered.batch)


def released(settings: Settings, number: int, key: str) -> None:
    folder = publish(settings, {}, number=number)
    catalog = read_catalog(folder)
    assert catalog is not None
    catalog.model_copy(update={"hash_key": key}).write(folder)


def test_after_a_change_of_the_key_was_cut_short_no_release_of_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = Settings.load(tmp_path)
    now = read_key(settings, HASH_KEY).fingerprint
    for number, key in ((1, "older"), (2, "older"), (3, now)):
        released(settings, number, key)
    set_aside(settings, releases(settings)[0])
    old, new = (cuts_folder(settings) / f"org-{key}" / "release" for key in ("old", "new"))
    for cut, number in ((old, 2), (new, 3)):
        cut.parent.mkdir(parents=True)
        shutil.copytree(releases(settings)[number - 1].folder, cut)

    with pytest.raises(PublicationError, match="acrm rotate-key"):
        rollback(settings)
    monkeypatch.setenv("ACRM_HOME", str(tmp_path))
    said = CliRunner().invoke(app, ["releases"]).output
    assert "hash key" in said and now in said and "older" in said

    require_same_key(settings)

    assert [release.hash_key for release in releases(settings)] == [now]
    assert not (settings.published / SPARE).exists() and not old.exists() and new.exists()
