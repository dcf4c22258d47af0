"""A customer under erasure leaves every release; lake and build database, once his business has ended."""

import json
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration.erased import Register, read_register, register_file, write_register
from orchestration.erasure.erase import Erasure, erase
from orchestration.erasure.numbers import holds_numbers, may_be_composed
from orchestration.erasure.replacement import ROW_NUMBERS
from orchestration.erasure.terms import past_their_term
from orchestration.errors import ConfigurationError, NotFoundError
from orchestration.releases.catalog import read_catalog
from orchestration.releases.on_disk import current_release, releases
from orchestration.settings import Retention, Settings
from orchestration.waiting import processed_nights
from tests.support.published import found, readable
from tests.support.quick_build import run_quickly
from tests.support.warehouse import Warehouse

LEFT_BY_KILLED_RUNS = (
    "published/.building-2026-10-30.1/parquet/data.parquet",
    "published/.deleting-2026-10-27.1/catalog.json",
    "lake/_incoming/customer/part-0001.parquet",
    "lake/customer/business_date=2026-10-28/sequence=1/part-0001.unfinished",
    "quarantine/business_date=2026-10-28/sequence=1/customer.screened.unfinished",
    "build/warehouse.duckdb.tmp/block.tmp",
    "build/warehouse.erased",
    "dbt/copy/warehouse.duckdb",
    "dbt/logs/dbt.log",
    "failure.log",
    "what_if/movers.parquet",
)
_PEOPLE = """
    select known.customer_id, known.customer_name, known.mobile, known.status_code,
        list(accounts.account_id) as accounts
    from intermediate.int_customer__versions as known
    inner join intermediate.int_account__versions as accounts on known.customer_id = accounts.customer_id
    inner join customer_value.fct_customer_tier_confirmed as listed on known.customer_id = listed.customer_id
    where known.known_to_date is null
    group by all
    having known.status_code = $status
        and (known.status_code = 'active' or bool_and(accounts.status_code = 'closed'))
    order by known.customer_id desc
"""


def person(settings: Settings, status: str) -> dict[str, object]:
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        cursor = connection.execute(_PEOPLE, {"status": status})
        row = cursor.fetchone()
        assert row is not None
        return dict(zip([column[0] for column in cursor.description], row, strict=True))


def totals(settings: Settings) -> list[tuple[object, ...]]:
    """What the bank holds by month, from the tables that name nobody."""
    database = current_release(settings).folder / "acrm.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(
            "select month_start_date, scheme_code, band_code, customer_cnt, aum_amt"
            " from customer_value.rpt_balance_band order by all"
        ).fetchall()


@pytest.fixture(scope="module")
def erased(town: Warehouse, tmp_path_factory: pytest.TempPathFactory):
    """A warehouse of which one former and one present customer were erased."""
    settings = Settings.load(town.copy_to(Path(tmp_path_factory.mktemp("erased")) / "home").home)
    gone, present = person(settings, "closed"), person(settings, "active")
    for place in LEFT_BY_KILLED_RUNS:
        (settings.home / place).parent.mkdir(parents=True, exist_ok=True)
        (settings.home / place).write_text(
            f"{gone['customer_id']} {present['customer_id']}", encoding="utf-8"
        )
    (trade,) = town.query("select max(trade_id) as trade_id from sales.fct_sales_credit")
    # a run that was killed when it had given a key another text, and nothing was written yet
    write_register(settings, Register(keys={trade["trade_id"]: "T-erased"}))
    before = {
        "totals": totals(settings),
        "releases": [release.name for release in releases(settings)],
        "trade": trade["trade_id"],
    }
    room = tmp_path_factory.mktemp("temporary")
    (room / "acrm-look-killed").mkdir()
    (room / "acrm-look-killed" / "spilled").write_text(gone["customer_id"], encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(room))
        done = erase(settings, [gone["customer_id"], present["customer_id"]], "request 7")
    assert list(room.iterdir()) == []
    return settings, gone, present, before, done


def numbers(person: dict[str, object]) -> list[str]:
    return [str(person["customer_id"]), str(person["mobile"]), *person["accounts"]]


def test_every_kept_release_is_replaced_and_tells_nothing_of_them(erased):
    settings, gone, present, before, done = erased
    assert isinstance(done, Erasure) and sorted(done.releases) == before["releases"]
    assert [release.name for release in releases(settings)] == list(done.releases.values())
    assert current_release(settings).name == list(done.releases.values())[-1]

    told = [*numbers(gone)[:1], *numbers(present)[:1], before["trade"]]
    assert found(told, readable(settings.published)) == set()
    assert not (settings.home / "what_if").exists()
    credited = "select count(*) from sales.fct_sales_credit where trade_id = 'T-erased'"
    with duckdb.connect(str(current_release(settings).folder / "acrm.duckdb"), read_only=True) as connection:
        assert connection.execute(credited).fetchone() != (0,)


def test_what_killed_runs_and_people_left_behind_is_gone(erased):
    settings, *_, done = erased

    assert [place for place in LEFT_BY_KILLED_RUNS if (settings.home / place).exists()] == []
    assert done.left == () and done.undecided == 0
    # the batch that waits is named
    assert [place for place in done.others if "2026-10-30" in place] == list(done.others) != []


def test_a_replaced_release_is_whole(erased):
    settings, _, _, before, _ = erased
    assert totals(settings) == before["totals"]
    for release in releases(settings):
        catalog = read_catalog(release.folder)
        with duckdb.connect(str(release.folder / "acrm.duckdb"), read_only=True) as connection:
            for table in catalog.tables:
                (rows,) = connection.execute(f"select count(*) from {table.full_name}").fetchone()
                assert rows == table.row_cnt
                assert not table.files or sum(file.row_cnt for file in table.files) == rows
            assert connection.execute("select release from data_as_of").fetchall() == [(release.name,)]
            macros = "select count(*) from duckdb_functions() where function_name like 'what_if%'"
            assert connection.execute(macros).fetchone() != (0,)
        assert {oct(path.stat().st_mode & 0o777) for path in release.folder.iterdir()} <= {"0o400", "0o500"}


def test_the_former_customer_is_gone_from_lake_and_build_database_and_the_present_one_waits(
    erased,
):
    settings, gone, present, before, done = erased
    assert (done.replaced, done.waiting) == ([gone["customer_id"]], [present["customer_id"]])
    said = [
        text
        for folder in settings.home.iterdir()
        if folder.is_dir() and folder.name not in ("landing", "erasure")
        for text in readable(folder)
    ]

    assert found(numbers(gone), said) == set()
    files = [path for path in settings.home.rglob("*") if path.is_file() and "landing" not in path.parts]
    assert [path for path in files if str(before["trade"]).encode() in path.read_bytes()] == []
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        renamed = "select count(*) from intermediate.int_sales__attribution where trade_id = 'T-erased'"
        assert connection.execute(renamed).fetchone() != (0,)
    assert present["customer_id"] in "\n".join(said)
    # the batch that waits is as the bank sent it; the register is what recognises the customer in it
    landed = [path.parents[1].name for path in settings.landing.rglob("manifest.json")]
    assert landed == ["business_date=2026-10-30"]
    entry = read_register(settings).customers[0]
    assert (
        entry.is_replaced and set(entry.replacements) == {gone["customer_id"]} and entry.order == "request 7"
    )
    assert register_file(settings).stat().st_mode & 0o777 == 0o600


def test_balances_stay_under_numbers_that_lead_to_nobody(town: Warehouse, erased):
    settings, *_ = erased
    for table in ("deposit_balance", "monthly_balance_history", "transaction", "customer", "account"):
        for path in sorted((settings.lake / table).rglob("*.parquet")):
            old = pl.read_parquet(town.home / "lake" / path.relative_to(settings.lake))
            new = pl.read_parquet(path)
            assert new.schema == old.schema and new.height == old.height
            amounts = [name for name, dtype in old.schema.items() if isinstance(dtype, pl.Decimal)]
            assert new.select(amounts).equals(old.select(amounts))


_TEXTS = """
    select schema_name, table_name, column_name from duckdb_columns()
    where database_name = current_database() and data_type = 'VARCHAR'
        and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables())
"""


def test_keys_that_may_hold_a_number_are_known_under_every_name_that_models_give_them(town: Warehouse):
    settings, keys = Settings.load(town.home), set[str]()
    for path in settings.lake.rglob("*.parquet"):
        rows = pl.scan_parquet(path)
        for column in filter(may_be_composed, rows.collect_schema().names()):
            keys |= set(rows.select(pl.col(column).drop_nulls().unique()).collect()[column])
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        connection.register("lake_key", pl.DataFrame({"lake_key": sorted(keys)}).to_arrow())
        unknown = [
            f"{table}.{column}"
            for schema, table, column in connection.execute(_TEXTS).fetchall()
            if not (holds_numbers(column) or may_be_composed(column) or column in ROW_NUMBERS)
            and connection.execute(
                f'select 1 from "{schema}"."{table}" inner join lake_key on "{column}" = lake_key limit 1'
            ).fetchall()
        ]

    # a visit's number may be made of the customer's: the feed of work calls it by another name
    assert keys and unknown == []


def test_the_next_night_goes_through_and_holds_neither(erased):
    settings, gone, present, *_ = erased
    (night,) = run_quickly(settings)

    release = current_release(settings)
    assert release.name == night.release == "2026-10-30.1"
    assert found([*numbers(gone)[:1], *numbers(present)[:1]], readable(release.folder)) == set()
    results = json.loads((release.folder / "gate_results.json").read_text(encoding="utf-8"))
    changed = [result for result in results if result["check_code"] == "closed_month_changed"]
    assert all(result["failing_cnt"] == 0 for result in changed)
    with duckdb.connect(str(release.folder / "acrm.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "select count(*) from customer_value.fct_month_confirmed where version_number > 1"
        ).fetchone() == (0,)
    # the night has taken its record from the release that has nobody of them, so a run that was killed on the
    # way and one that was not count the same
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        for record in ("customer_value.fct_customer_tier_confirmed", "monitoring.fct_event"):
            assert connection.execute(
                f"select count(*) from {record} inner join pipeline.erased_customer using (customer_id)"
            ).fetchone() == (0,)
    # landing is clean but for the batch that came since, and nothing waits
    assert erase(settings, []).landed in (0, 1)
    assert len(processed_nights(settings)) == 3


def test_customers_are_former_by_the_day_that_their_last_account_was_closed(erased):
    settings, gone, present, *_ = erased
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        (closed,) = connection.execute(
            "select max(close_date) from intermediate.int_account__versions where customer_id in"
            " (select customer_id from intermediate.int_customer__versions where status_code = 'closed')"
        ).fetchone()
    bank = settings.bank.model_copy(update={"retention": Retention(former_customer_days=30)})
    keeping = Settings(settings.home, bank)
    former = past_their_term(keeping, closed + timedelta(31), Register())

    # the one who was erased has another number now, and is erased again under none
    (again,) = read_register(settings).customers[0].replacements.values()
    assert again in former and present["customer_id"] not in former and gone["customer_id"] not in former
    assert again not in past_their_term(keeping, closed + timedelta(31), read_register(settings))
    assert past_their_term(keeping, date(2020, 1, 1), Register()) == []
    assert past_their_term(settings, date(2199, 1, 1), Register()) == []


def test_an_unknown_customer_is_not_erased_and_a_damaged_register_stops_everything(erased):
    settings, *_ = erased
    with pytest.raises(NotFoundError, match="Nothing was erased"):
        erase(settings, ["nobody"])

    register_file(settings).write_text("{", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="register of erased customers"):
        read_register(settings)
