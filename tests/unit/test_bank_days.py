"""Days are the bank's own, and those that stand for none are none."""

import re
from datetime import date

import duckdb
import pytest

from contract.model import load_contract
from tests.support.macros import Macros, render
from tests.support.models import PROJECT

TOLD = render("told_date('day')")
MATURITY = render("open_ended('day')")


@pytest.mark.parametrize(
    ("zone", "utc", "day"),
    [
        ("Asia/Shanghai", "2026-02-26 23:30:00", date(2026, 2, 27)),
        ("Asia/Shanghai", "2026-02-27 15:59:59", date(2026, 2, 27)),
        ("Europe/Prague", "2026-06-30 22:30:00", date(2026, 7, 1)),
        ("Europe/Prague", "2026-12-31 22:30:00", date(2026, 12, 31)),
        ("America/New_York", "2026-03-01 03:00:00", date(2026, 2, 28)),
    ],
)
def test_a_day_is_that_of_the_banks_own_clock(zone, utc, day):
    macros = Macros({"var": {"time_zone": zone}.__getitem__})
    text = macros.environment.from_string("{{ bank_local('utc') }}", globals=macros.globals).render()
    found = duckdb.execute(f"select cast({text} as date) from (select timestamp '{utc}' as utc)").fetchone()
    assert found == (day,)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ("2026-02-27", date(2026, 2, 27)),
        ("2099-12-30", date(2099, 12, 30)),
        ("2099-12-31", None),
        ("2999-12-31", None),
        ("9999-12-31", None),
        ("0001-01-01", None),
        ("1900-01-01", None),
    ],
)
def test_a_day_that_stands_for_none_is_none(told, meant):
    found = duckdb.execute(f"select {TOLD}, {MATURITY} from (select date '{told}' as day)").fetchone()
    assert found == (meant, meant)


STAGED = {
    source: path.read_text(encoding="utf-8")
    for path in (PROJECT / "models" / "staging" / "core_banking").glob("*.sql")
    for source in re.findall(r"source\('core_banking', '(\w+)'\)", path.read_text(encoding="utf-8"))
}
INSTANTS = [
    (table.name, column.name)
    for table in load_contract().tables
    for column in table.columns
    if column.type == "timestamp"
]


@pytest.mark.parametrize(("table", "column"), INSTANTS)
def test_no_model_sees_an_instant_but_by_the_banks_own_clock(table: str, column: str) -> None:
    # the lake has UTC: whoever took a day of that would give evenings or mornings to another day
    select = re.sub(r"--.*", "", STAGED[table])
    rest, found = re.subn(rf"{{{{ bank_local\('{column}'\) }}}} as \w+", "", select)
    assert found == 1
    # what is only put in order may be in UTC, and says so
    others = re.findall(rf".*\b{column}\b.*", rest)
    assert [line.strip() for line in others if not line.rstrip(",").endswith("_utc_at")] == []


def test_only_staging_reads_what_was_delivered() -> None:
    others = [path for path in (PROJECT / "models").rglob("*.sql") if "staging" not in path.parts]
    assert [path.name for path in others if "source('core_banking'" in path.read_text("utf-8")] == []
