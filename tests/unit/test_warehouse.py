"""Setting the build database back to a night."""

from datetime import date
from pathlib import Path

import pytest

from orchestration.night import processed_nights
from orchestration.warehouse import Carried, open_database, prepare_night
from tests.unit.gate_bank import DAY, DAY_BEFORE, LakeNight

LATER = date(2026, 2, 2)


@pytest.fixture
def night(tmp_path: Path) -> LakeNight:
    night = LakeNight(tmp_path, previous=DAY_BEFORE)
    night.write()
    night.query("create table pipeline.night (business_date date, sequence integer, has_state boolean)")
    for day in (DAY_BEFORE, DAY, LATER):
        night.query(f"insert into pipeline.night values (date '{day}', 1, true)")
    return night


def set_back(night: LakeNight, previous: date | None, *carried: Carried) -> None:
    with open_database(night.settings) as connection:
        prepare_night(night.settings, connection, night.report(), previous, carried)


def test_nights_that_are_set_back_wait_again_even_if_the_run_ends_here(night: LakeNight):
    set_back(night, DAY_BEFORE)

    assert [done.batch.business_date for done in processed_nights(night.settings)] == [DAY_BEFORE]


def test_a_first_night_leaves_nothing_of_an_earlier_attempt(night: LakeNight):
    set_back(night, None)

    assert processed_nights(night.settings) == []


def test_versions_that_a_later_night_ended_are_open_again(night: LakeNight):
    night.query("create schema intermediate")
    night.query(
        "create table intermediate.thing as select * from (values "
        f"('kept', date '{DAY_BEFORE}', date '{DAY_BEFORE}'), "
        f"('reopened', date '{DAY_BEFORE}', date '{DAY}'), "
        f"('gone', date '{DAY}', null)) as t(name, known_from_date, known_to_date)"
    )

    set_back(night, DAY_BEFORE, Carried("intermediate", "thing", "versions"))

    assert night.query("select name, known_to_date from intermediate.thing order by 1") == [
        ("kept", DAY_BEFORE),
        ("reopened", None),
    ]


@pytest.mark.parametrize(
    ("kind", "column", "left"),
    [
        ("business_date", "business_date", [date(2026, 1, 1), DAY_BEFORE]),
        ("state", "business_date", [date(2026, 1, 1), DAY_BEFORE]),
        ("month_start", "month_start_date", [date(2026, 1, 1), DAY_BEFORE]),
        ("month_end", "month_end_date", [date(2026, 1, 1), DAY_BEFORE]),
    ],
)
def test_rows_after_the_night_go_and_those_up_to_it_stay(night: LakeNight, kind, column, left):
    night.query("create schema intermediate")
    night.query(
        f"create table intermediate.thing as select unnest([date '2026-01-01', date '{DAY_BEFORE}', "
        f"date '{DAY}', date '{LATER}']) as {column}"
    )

    set_back(night, DAY_BEFORE, Carried("intermediate", "thing", kind))

    assert [row[0] for row in night.query(f"select {column} from intermediate.thing order by 1")] == left


def test_months_that_were_not_over_go_whole(night: LakeNight):
    night.query("create schema intermediate")
    night.query(
        "create table intermediate.thing as select unnest([date '2025-12-01', date '2026-01-01', "
        "date '2026-02-01']) as month_start_date"
    )

    set_back(night, date(2025, 12, 31), Carried("intermediate", "thing", "open_month"))

    assert night.query("from intermediate.thing") == [(date(2025, 12, 1),)]
