"""Whose turn it is."""

from datetime import date
from pathlib import Path

import pytest

from orchestration.plan import Night
from orchestration.settings import BatchId, Settings
from orchestration.stations import NotItsTurnError
from orchestration.turns import Turn, TurnRun, turn_of, turns
from tests.unit.test_dagster_sensors import FRIDAY, MONDAY, THURSDAY, land, process

FIRST, SECOND, THIRD = (
    Night(BatchId(date(2026, 1, day), 1), date(2026, 1, day - 1) if day > 5 else None) for day in (5, 6, 7)
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.load(tmp_path)
    for day in (THURSDAY, FRIDAY, MONDAY):
        land(settings, day)
    return settings


def test_every_night_that_ends_in_a_release_is_a_turn() -> None:
    assert turns([FIRST, SECOND]) == [Turn(FIRST), Turn(SECOND)]


def test_nights_replayed_without_a_release_belong_to_the_next_one_with_one() -> None:
    replayed = Night(FIRST.batch, None, is_published=False)
    assert turns([replayed, SECOND, THIRD]) == [Turn(SECOND, (replayed,)), Turn(THIRD)]


def test_a_night_waits_for_those_before_it(settings: Settings) -> None:
    process(settings, (THURSDAY, 1))
    with pytest.raises(NotItsTurnError, match=f"{FRIDAY} sequence 1 has to run first"):
        turn_of(settings, date.fromisoformat(MONDAY))


def test_the_newest_night_may_run_again(settings: Settings) -> None:
    process(settings, (THURSDAY, 1), (FRIDAY, 1), (MONDAY, 1))
    turn = turn_of(settings, date.fromisoformat(MONDAY))
    assert (turn.night.batch.business_date, turn.replayed) == (date.fromisoformat(MONDAY), ())


def test_an_older_night_is_left_to_the_command_that_runs_all_after_it(settings: Settings) -> None:
    process(settings, (THURSDAY, 1), (FRIDAY, 1), (MONDAY, 1))
    with pytest.raises(NotItsTurnError, match=f"acrm run --date {FRIDAY}"):
        turn_of(settings, date.fromisoformat(FRIDAY))


def test_a_late_correction_replays_in_the_newest_nights_turn(settings: Settings) -> None:
    process(settings, (THURSDAY, 1), (FRIDAY, 1), (MONDAY, 1))
    land(settings, FRIDAY, sequence=2)
    turn = turn_of(settings, date.fromisoformat(MONDAY))
    assert [str(night.batch) for night in turn.replayed] == [f"{FRIDAY} sequence 2"]
    assert [str(batch) for batch in turn.night.restated_by] == [f"{FRIDAY} sequence 2"]


def test_a_day_without_a_batch_is_refused(settings: Settings) -> None:
    with pytest.raises(NotItsTurnError, match="no complete batch"):
        turn_of(settings, date(2026, 1, 31))


def test_a_turn_begins_with_its_batch(settings: Settings) -> None:
    with pytest.raises(NotItsTurnError, match="begins with the batch"):
        TurnRun(settings).night.build()
