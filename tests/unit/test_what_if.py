"""The what-if command, its rulebook files, and the published macro."""

import stat
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration.errors import ConfigurationError, ExitCode
from orchestration.what_if.release import Release
from orchestration.what_if.rulebook import Rulebook, changed, read_rulebook
from orchestration.what_if.show import show_comparison
from tests.stories.what_if_agrees import what_if_differences
from tests.support.warehouse import Warehouse
from tests.support.what_if import memory_release

FILE = """
code: mine
tiers:
  - {code: platinum, aum: 600000, window_months: 6, observe_from_months: 1, attention_from_months: 4}
  - {code: gold, aum: 200000.50, window_months: 0, card_grade: true}
"""


RULE_TABLES = {
    "tiers": ("tier_rules", "tier_code, tier_rank, aum_from_amt, window_months"),
    "statuses": ("tier_status_rules", "tier_code, status_code, below_from_months, below_to_months"),
    "factors": ("tier_factor_rules", "tier_code, factor_code, factor_order, threshold_amt"),
}


@pytest.fixture(scope="module")
def documents() -> Rulebook:
    return Release(memory_release().connection).rulebook("documents")


def test_a_file_is_a_rulebook(tmp_path: Path):
    path = tmp_path / "mine.yml"
    path.write_text(FILE, encoding="utf-8")

    (version,) = read_rulebook(path).versions

    assert [tier.aum for tier in version.tiers] == [Decimal("600000"), Decimal("200000.50")]
    assert version.tiers[0].bands() == [
        ("normal", 0, 0),
        ("observe", 1, 3),
        ("attention", 4, 6),
        ("lost", 7, None),
    ]
    assert version.tiers[1].factors() == [("card_grade", 5, Decimal(1))]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("aum: 600000", "aum: 100000", "highest first"),
        ("code: gold", "code: platinum", "two tiers have the same code"),
        ("window_months: 6", "window_months: 3", "both within window_months"),
        ("aum: 600000", "aum: plenty", "aum: Input should be a valid decimal"),
        ("card_grade", "card_colour", "card_colour: Extra inputs are not permitted"),
        ("code: mine", "aum_basis: guess", "aum_basis: Input should be 'month_avg'"),
        ("code: mine", "valid_from_month: 2026-01-01", "Leave valid_from_month out"),
        ("tiers:", "tiers: [", "is not YAML"),
    ],
)
def test_what_is_no_rulebook_is_refused_in_one_line(tmp_path: Path, old: str, new: str, reason: str):
    path = tmp_path / "mine.yml"
    path.write_text(FILE.replace(old, new), encoding="utf-8")

    with pytest.raises(ConfigurationError, match=str(reason)) as refused:
        read_rulebook(path)

    assert "\n" not in str(refused.value)


def test_a_change_is_of_the_named_rule_alone(documents: Rulebook):
    before = {tier.code: tier for tier in documents.versions[0].tiers}

    changes = ["platinum.aum=600000", "gold.window_months=12", "aum_basis=avg_6m"]
    (version,) = changed(documents, changes).versions

    after = {tier.code: tier for tier in version.tiers}
    assert after["platinum"] == before["platinum"].model_copy(update={"aum": Decimal(600000)})
    assert after["gold"].bands()[-2:] == [("attention", 4, 12), ("lost", 13, None)]
    assert version.aum_basis == "avg_6m"


@pytest.mark.parametrize("change", ["silver.aum=1", "gold.colour=red", "gold.aum", "gold.code=x", "tiers=1"])
def test_a_change_of_nothing_is_refused(documents: Rulebook, change: str):
    with pytest.raises(ConfigurationError, match=r"expected TIER\.RULE=VALUE"):
        changed(documents, [change])


def test_every_rulebook_of_the_seeds_says_the_same_as_a_file():
    connection = memory_release().connection
    release = Release(connection)

    for code in release.rulebook_codes:
        rulebook = release.rulebook(code)
        release.judge(rulebook)
        for ours, (seed, columns) in RULE_TABLES.items():
            written, seeded = (
                connection.execute(f"select {columns} from {rows} order by all").fetchall()
                for rows in (f"temp.what_if_{ours}", f"rules.{seed} where rulebook_version = '{code}-1'")
            )
            assert written == seeded, (code, ours)


def release_in(currency: str, live: str) -> Release:
    connection = memory_release().connection
    connection.execute("create schema quality")
    connection.execute(
        "create table quality.data_as_of as select ? as reporting_currency, ? as rulebook_code",
        [currency, live],
    )
    return Release(connection)


def test_a_preset_in_another_currency_is_not_set_against_the_bank() -> None:
    release = release_in("CNY", "documents")

    assert release.other_currencies == {"berka_czk": "CZK"}
    with pytest.raises(ConfigurationError, match="berka_czk is in CZK, the release in CNY") as refused:
        release.preset("berka_czk")
    assert len(str(refused.value).splitlines()) == 1
    assert release.preset("postal").code == "postal"


def test_the_live_rulebook_is_the_banks_choice_in_any_currency() -> None:
    release = release_in("CZK", "documents")

    assert "documents" not in release.other_currencies and "postal" in release.other_currencies
    assert release.preset("documents") == release.live_rulebook()
    assert release.preset("berka_czk").code == "berka_czk"


def test_a_release_from_before_rulebooks_named_their_currency_is_compared_as_it_was() -> None:
    connection = memory_release().connection
    connection.execute("create schema quality")
    connection.execute(
        "create table quality.data_as_of as select 'CNY' as reporting_currency, 'documents' as rulebook_code"
    )
    connection.execute("alter table rules.tier_rulebooks drop currency_code")
    assert Release(connection).other_currencies == {}


def test_what_is_left_out_of_a_comparison_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    show_comparison([], {"berka_czk": "CZK"})
    assert "another currency: berka_czk (CZK)" in capsys.readouterr().out


def test_the_live_rulebook_gives_the_live_tiers(golden_warehouse: Warehouse):
    assert what_if_differences(golden_warehouse) == []


def test_the_command_tells_who_moves_and_writes_the_same_bytes_each_time(
    golden_warehouse: Warehouse, tmp_path: Path
):
    files = [tmp_path / name for name in ("first.parquet", "second.parquet")]

    for path in files:
        done = golden_warehouse.command("what-if", "--set", "platinum.aum=600000", "--out", str(path))
        assert done.returncode == 0, done.stderr

    movers = pl.read_parquet(files[0])
    assert files[0].read_bytes() == files[1].read_bytes()
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert movers.select("month_start_date", "customer_id").equals(
        movers.select("month_start_date", "customer_id").sort("month_start_date", "customer_id")
    )
    # half a million in January is no longer platinum
    assert set(movers.filter(pl.col("customer_id") == "G1")["tier_code"]) == {"gold"}
    assert "From live" in done.stdout


def test_a_change_of_nothing_moves_nobody(golden_warehouse: Warehouse, tmp_path: Path):
    path = tmp_path / "movers.parquet"

    done = golden_warehouse.command("what-if", "--out", str(path))

    assert done.returncode == 0, done.stderr
    assert pl.read_parquet(path).height == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--preset", "none_such"], ExitCode.CONFIGURATION),
        (["--rulebook", "none_such.yml"], ExitCode.CONFIGURATION),
        (["--release", "1999-01-01.1"], ExitCode.PUBLICATION_FAILED),
    ],
)
def test_what_cannot_be_asked_ends_in_one_line(
    golden_warehouse: Warehouse, arguments: list[str], code: ExitCode
):
    done = golden_warehouse.command("what-if", *arguments)

    assert (done.returncode, len(done.stderr.splitlines())) == (int(code), 1)


def test_the_macro_works_under_another_name_once_it_is_in_use(golden_warehouse: Warehouse):
    with duckdb.connect() as connection:
        path = golden_warehouse.current.resolve() / "acrm.duckdb"
        connection.execute(f"attach '{path}' as bank (read_only)")
        connection.execute("create table my_tiers as from bank.rules.tier_rules")
        connection.execute("update my_tiers set aum_from_amt = 600000 where tier_code = 'platinum'")
        connection.execute("use bank")
        (tier,) = connection.execute(
            "select tier_code from customer_value.what_if_tiers('documents', tiers := 'memory.main.my_tiers')"
            " where customer_id = 'G1' and month_start_date = date '2026-01-01'"
        ).fetchone() or (None,)

    assert tier == "gold"
