"""Erasure piece by piece: keys made of numbers, copies that cannot be deleted, homes without a build."""

import fcntl
import json
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.erased import Erased, Register, read_register, write_register
from orchestration.erasure import dagster_logs
from orchestration.erasure import erase as erasure
from orchestration.erasure.leftovers import delete_landed_copies, delete_made_copies, unknown_files
from orchestration.erasure.numbers import composed_keys, holds_numbers, replaced_texts
from orchestration.erasure.replacement import replace_in_build_database, replace_in_lake
from orchestration.erasure.subject import write_subject
from orchestration.erasure.terms import drop_expired
from orchestration.errors import ConfigurationError, ExitCode, NotFoundError
from orchestration.ingestion.audit import erasure_runs
from orchestration.releases import files
from orchestration.settings import Bank, BatchId, Settings
from tests.support.handmade import DAY, Delivery, settings_in

HIS, ACCOUNT = "0000000067", "000000006701"
NEW = {HIS: "erased-a", ACCOUNT: "erased-b"}
TRADE = f"T20261013{HIS}"


def in_lake(settings: Settings, table: str, rows: pl.DataFrame, *, place: Path | None = None) -> Path:
    folder = settings.lake / table / BatchId(DAY, 1).folder
    target = (place or folder) / "part-0001.parquet"
    target.parent.mkdir(parents=True)
    rows.write_parquet(target)
    if place is not None:
        folder.parent.mkdir(parents=True)
        folder.symlink_to(place, target_is_directory=True)
    return target


def marked(settings: Settings, sequence: int) -> None:
    """The lake holds a batch of that sequence."""
    report = {"business_date": str(DAY), "sequence": sequence, "is_initial": True, "manifest_sha256": ""}
    marker = settings.lake / "_batches" / f"business_date={DAY}" / f"sequence={sequence}.json"
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(str({**report, "tables": {}}).replace("'", '"').replace("True", "true"))


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rooms of others who use this machine are none of these tests."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("rooms")))


def test_every_column_that_refers_to_a_customer_holds_his_number():
    # customer_relation tells of the other one
    assert holds_numbers("related_id") and not holds_numbers("org_id")


def test_a_short_number_is_part_of_a_key_only_between_separators():
    texts = ["FEE:C1:SMS", "C10", "AC1", "x-C1", "C1"]

    assert replaced_texts(texts, {"C1": "E"}) == {"FEE:C1:SMS": "FEE:E:SMS", "x-C1": "x-E"}
    # the longest first: the account's number begins with the customer's
    assert replaced_texts([f"2026{ACCOUNT}00"], NEW) == {f"2026{ACCOUNT}00": "2026erased-b00"}


def test_keys_made_of_numbers_are_replaced_wherever_they_stand(tmp_path: Path):
    settings = settings_in(tmp_path)
    trades = pl.DataFrame(
        {"trade_id": [TRADE, "T2"], "customer_id": [HIS, "0000000099"], "related_trade_id": [None, TRADE]}
    )
    in_lake(settings, "sales_trade", trades)
    # names nobody, and lies behind a link
    registered = pl.DataFrame({"registration_id": [f"R{ACCOUNT}", "R2"], "trade_id": [TRADE, "T2"]})
    linked = in_lake(settings, "sales_registration", registered, place=tmp_path / "elsewhere")
    settings.database.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.database)) as build:
        build.execute("create table lines as select ? as account_id, ? as customer_id", [f"FEE:{HIS}:S", HIS])
        build.execute("create table credits as select ? as trade_id", [TRADE])

    new = NEW | composed_keys(settings, NEW)
    replace_in_lake(settings, new)
    replace_in_build_database(settings, new)

    (path,) = (settings.lake / "sales_trade").rglob("*.parquet")
    assert pl.read_parquet(path).rows() == [
        ("T20261013erased-a", "erased-a", None),
        ("T2", "0000000099", "T20261013erased-a"),
    ]
    assert pl.read_parquet(linked).rows() == [("Rerased-b", "T20261013erased-a"), ("R2", "T2")]
    with duckdb.connect(str(settings.database), read_only=True) as build:
        assert build.execute("from lines").fetchall() == [("FEE:erased-a:S", "erased-a")]
        assert build.execute("from credits").fetchall() == [("T20261013erased-a",)]


def test_a_batch_that_was_sent_again_goes_though_the_lake_never_took_it(tmp_path: Path):
    first, second = (Delivery(tmp_path, BatchId(DAY, n)).send() for n in (1, 2))
    waiting = Delivery(tmp_path, BatchId(DAY, 3)).send()
    marked(first.settings, 2)

    gone, left, others = delete_landed_copies(first.settings)

    assert (gone, left) == (2, []) and not first.folder.exists() and not second.folder.exists()
    assert others == [f"'{waiting.folder.relative_to(tmp_path)}'"]


def test_what_a_link_leads_to_is_named_and_stays(tmp_path: Path):
    delivery = Delivery(tmp_path).send()
    outside = tmp_path / "outside"
    shutil.move(delivery.folder, outside)
    delivery.folder.symlink_to(outside, target_is_directory=True)
    marked(delivery.settings, 1)

    gone, (line,), _ = delete_landed_copies(delivery.settings)

    assert gone == 0 and f"business_date={DAY}" in line and "outside" in line and "owned by" in line
    assert str(outside) in line, "a path that is cut off finds nothing"
    assert (outside / "manifest.json").exists()
    shutil.rmtree(outside)
    assert delete_landed_copies(delivery.settings)[:2] == (0, [])


def test_a_room_in_use_is_named_and_one_left_behind_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    used, free = tmp_path / "acrm-look-used", tmp_path / "acrm-validate-free"
    used.mkdir()
    free.mkdir()
    held = os.open(used, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)

    (line,) = delete_made_copies(settings_in(tmp_path / "home"))

    assert str(used) in line and used.exists() and not free.exists()
    os.close(held)
    assert delete_made_copies(settings_in(tmp_path / "home")) == [] and not used.exists()


def test_what_people_put_into_the_warehouses_folder_is_named(tmp_path: Path):
    delivery = Delivery(tmp_path).send()
    settings = delivery.settings
    marked(settings, 1)
    in_lake(settings, "account", pl.DataFrame({"account_id": [ACCOUNT], "customer_id": [HIS]}))
    own = (
        "bank.yml",
        "keys/hash.key",
        "build/warehouse.duckdb",
        "build/warehouse.duckdb.wal",
        "runs/log.jsonl",
    )
    others = ("feeds/feed_today.csv", "nohup.out", "build/before.duckdb", "lake/account/part-0001.csv")
    for place in (*own, *others):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(HIS)

    named = [line.split("'")[1] for line in unknown_files(settings)]

    assert named == ["feeds", "nohup.out", "lake/account/part-0001.csv", "build/before.duckdb"]


def erased_home(home: Path) -> Delivery:
    """A warehouse restored without its build: the lake names one who was erased, landing holds a copy."""
    delivery = Delivery(home).send()
    marked(delivery.settings, 1)
    in_lake(
        delivery.settings, "account", pl.DataFrame({"account_id": [ACCOUNT, "1"], "customer_id": [HIS, "9"]})
    )
    return delivery


def test_without_a_build_the_erased_are_erased_again_and_new_ones_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = erased_home(tmp_path).settings
    write_register(settings, Register(customers=(Erased(customer_id=HIS, is_replaced=True),)))
    monkeypatch.setenv("ACRM_HOME", str(tmp_path))

    done = CliRunner().invoke(app, ["erase", "9"])

    assert done.exception is not None and done.exception.exit_code == ExitCode.STORAGE
    assert "1 customers are hidden" in str(done.exception) and "acrm rebuild" in str(done.exception)
    (path,) = (settings.lake / "account").rglob("*.parquet")
    assert HIS not in str(pl.read_parquet(path).rows()) and ACCOUNT not in str(pl.read_parquet(path).rows())
    assert [entry.customer_id for entry in read_register(settings).customers] == [HIS, "9"]
    assert not settings.database.exists()


def test_landing_that_cannot_be_deleted_is_named_and_the_register_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    delivery = erased_home(tmp_path)
    settings = delivery.settings
    write_register(settings, Register(customers=(Erased(customer_id=HIS, is_replaced=True),)))
    with monkeypatch.context() as patch:
        # as another user's folder would: the test may run as one who may delete everything
        patch.setattr(files.shutil, "rmtree", lambda folder, ignore_errors: None)
        done = erasure.erase(settings, [], "2026-117", "privacy desk")

    (line,) = done.left
    assert (
        str(delivery.folder.relative_to(tmp_path)) in line and f"owned by {delivery.folder.owner()}" in line
    )
    (entry,) = read_register(settings).customers
    assert entry.is_replaced and set(entry.replacements) == {HIS}
    (logged,) = erasure_runs(settings)
    assert (logged.order, logged.by, logged.customers) == ("2026-117", "privacy desk", 0)
    # the same command goes on
    assert erasure.erase(settings, []).left == () and not delivery.folder.exists()


def test_a_circle_that_a_night_of_an_older_version_named_is_blanked_in_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = erased_home(tmp_path).settings
    write_register(settings, Register(customers=(Erased(customer_id=HIS, is_replaced=True),)))
    circle = f"1 of 3 of the rows: A/{HIS}; {HIS}/9"
    log, page = settings.home / "runs" / "log.jsonl", settings.quality / "docs" / "index.html"
    results = settings.quality / BatchId(DAY, 1).folder / "fit_to_publish.parquet"
    for path in (log, page, results):
        path.parent.mkdir(parents=True)
    log.write_text(f'{{"lines": ["{circle}"], "at": "{DAY}"}}\n', encoding="utf-8")
    page.write_text(f"<td>{circle}</td>", encoding="utf-8")
    pl.DataFrame({"check_code": ["group_circle"], "message": [circle]}).write_parquet(results)
    history = settings.dagster_home / "history" / "runs" / "index.db"
    told = settings.dagster_home / "storage" / "run" / "compute_logs" / "gate.err"
    for path in (history, told):
        path.parent.mkdir(parents=True)
    told.write_bytes(circle.encode() + b" \xff")
    with closing(sqlite3.connect(history)) as dagster, dagster:
        dagster.execute("create table event_logs (id integer primary key, event text, number blob)")
        events = [(json.dumps({"message": circle}), b"1"), ("another: A/9", b"2"), (None, HIS.encode())]
        dagster.executemany("insert into event_logs (event, number) values (?, ?)", events)

    assert erasure.erase(settings, []).left == ()

    blanked = "1 of 3 of the rows: A/**; **/9"
    assert told.read_bytes() == blanked.encode() + b" \xff"
    assert circle.encode() not in history.read_bytes()
    with closing(sqlite3.connect(history)) as dagster:
        assert dagster.execute("select event, number from event_logs order by id").fetchall() == [
            (json.dumps({"message": blanked}), b"1"), *events[1:],
        ]  # fmt: skip
        # who holds it keeps it from being changed: then it is named
        dagster.execute("update event_logs set event = ? where id = 1", (circle,))
        monkeypatch.setattr(dagster_logs, "_BUSY_SECONDS", 0.0)
        (left,) = erasure.erase(settings, []).left
    assert left == "'dagster/history/runs/index.db' may name them and could not be changed: end `acrm serve`"
    assert log.read_text(encoding="utf-8") == f'{{"lines": ["{blanked}"], "at": "{DAY}"}}\n'
    assert page.read_text(encoding="utf-8") == f"<td>{blanked}</td>"
    assert pl.read_parquet(results).rows() == [("group_circle", blanked)]


def test_a_run_killed_between_lake_and_build_goes_on_with_the_numbers_it_gave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    settings = erased_home(tmp_path).settings
    write_register(settings, Register(customers=(Erased(customer_id=HIS, is_replaced=True),)))
    settings.database.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.database)) as build:
        build.execute("create table held as select ? as account_id, ? as customer_id", [ACCOUNT, HIS])

    def killed(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "replace_in_build_database", killed)
        with pytest.raises(KeyboardInterrupt):
            erasure.erase(settings, [])
    given = read_register(settings).customers[0].replacements
    assert set(given) == {HIS, ACCOUNT}

    erasure.erase(settings, [])

    with duckdb.connect(str(settings.database), read_only=True) as build:
        assert build.execute("from held").fetchall() == [(given[ACCOUNT], given[HIS])]


def test_all_that_is_held_of_a_customer_is_written_with_its_place(tmp_path: Path):
    settings = erased_home(tmp_path / "home").settings
    in_lake(
        settings, "deposit_balance", pl.DataFrame({"account_id": [ACCOUNT, "1"], "balance": ["5.00", "7.00"]})
    )
    refused = settings.quarantine / "refused.parquet"
    refused.parent.mkdir()
    pl.DataFrame({"value": ["x", "y"], "row_key": [ACCOUNT, "1"], "record": ["{}", "{}"]}).write_parquet(
        refused
    )
    asked = tmp_path / "asked"
    told = {"quality/docs/index.html": f"<p>{HIS}/x</p>\n<p>9{HIS}</p>",
            "runs/log.jsonl": f"{ACCOUNT}\n{HIS}\n",
            "private/2026-01-30.1/acrm_private.duckdb": "nobody can read it"}  # fmt: skip
    for place, text in told.items():
        (settings.home / place).parent.mkdir(parents=True)
        (settings.home / place).write_text(text, encoding="utf-8")
    (settings.home / "what_if").mkdir()
    pl.DataFrame({"customer_id": [HIS, "another"]}).write_parquet(
        settings.home / "what_if" / "movers.parquet"
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.erasure.subject._write_places", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_subject(settings, HIS, asked)
    assert list(tmp_path.glob("*asked*")) == [], "half of it would pass for all"
    held = write_subject(settings, HIS, asked)

    rows = pl.read_csv(asked / "lake" / "deposit_balance.csv", infer_schema=False)
    assert rows.select("account_id", "balance").rows() == [(ACCOUNT, "5.00")]
    assert [(place, what, count) for place, what, count in held.places if count] == [
        ("lake", "account", 1), ("lake", "deposit_balance", 1), ("quarantine", "refused", 1),
        ("what_if", "movers", 1), ("quality/docs/index.html", "names him", 1),
        ("runs/log.jsonl", "names him", 2),
    ]  # fmt: skip
    landed = (settings.landing / BatchId(DAY, 1).folder).relative_to(settings.home)
    listed = pl.read_csv(asked / "where.csv", infer_schema=False)
    places = listed["place"].to_list()
    assert str(landed) in places and "private/2026-01-30.1/acrm_private.duckdb" in places
    assert {oct(path.stat().st_mode & 0o077) for path in asked.rglob("*")} == {"0o0"}
    with pytest.raises(ConfigurationError, match="not an empty folder"):
        write_subject(settings, HIS, asked)
    with pytest.raises(NotFoundError):
        write_subject(settings, "nobody", tmp_path / "other")


def test_what_is_past_its_term_is_dropped_and_nothing_else(tmp_path: Path):
    early, late = BatchId(date(2026, 7, 1), 1), BatchId(date(2026, 8, 1), 1)
    for batch in (early, late):
        Delivery(tmp_path, batch).send()
    settings = Settings(tmp_path, Bank(retention={"landing_days": 100, "quarantine_days": 100}))
    for batch in (early, late):
        (settings.quarantine / batch.folder).mkdir(parents=True)
    marker = settings.lake / "_batches" / late.folder.parent / "sequence=1.json"
    marker.parent.mkdir(parents=True)
    marker.write_text("{}")

    assert drop_expired(settings, DAY) == []

    # the lake has not taken the early one: it waits, however long
    assert (settings.landing / early.folder).exists() and (settings.landing / late.folder).exists()
    assert not (settings.quarantine / early.folder).exists() and (settings.quarantine / late.folder).exists()
    drop_expired(settings, date(2026, 12, 1))
    assert not (settings.landing / late.folder).exists()
    assert drop_expired(Settings(tmp_path, Bank()), date(2199, 1, 1)) == []
    assert (settings.landing / early.folder).exists()
