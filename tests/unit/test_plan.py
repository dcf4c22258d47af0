"""Which nights run, for every way in which batches can arrive."""

from datetime import date

from orchestration.plan import Closing, Night, Processed, kept_states, nights_to_run
from orchestration.settings import BatchId


def batch(day: int, sequence: int = 1) -> BatchId:
    return BatchId(date(2026, 10, day), sequence)


def done(day: int, sequence: int = 1, *, has_state: bool = True) -> Processed:
    return Processed(batch(day, sequence), has_state)


def days(nights: list[Night]) -> list[int]:
    return [night.batch.business_date.day for night in nights]


def test_nothing_is_waiting_when_all_has_been_run():
    assert nights_to_run([batch(1), batch(2)], [done(1), done(2)]) == []


def test_nights_run_in_order_of_business_date_whatever_the_order_of_arrival():
    nights = nights_to_run([batch(3), batch(1), batch(2)], [])

    assert days(nights) == [1, 2, 3]
    assert [night.previous for night in nights] == [None, date(2026, 10, 1), date(2026, 10, 2)]
    assert all(night.is_published for night in nights)


def test_only_the_highest_sequence_of_a_date_counts():
    nights = nights_to_run([batch(1, 1), batch(1, 3), batch(1, 2)], [])

    assert [night.batch for night in nights] == [batch(1, 3)]


def test_a_new_night_follows_the_last_one():
    assert nights_to_run([batch(1), batch(2)], [done(1)]) == [Night(batch(2), date(2026, 10, 1))]


def test_the_last_night_sent_again_runs_alone_from_the_night_before():
    nights = nights_to_run([batch(1), batch(2), batch(2, 2)], [done(1), done(2)], [batch(1), batch(2)])

    assert nights == [Night(batch(2, 2), date(2026, 10, 1), True, (batch(2, 2),))]


def test_an_older_night_sent_again_replays_the_later_ones_and_only_the_last_publishes():
    arrived = [batch(1), batch(2), batch(2, 2), batch(3), batch(4)]
    nights = nights_to_run(
        arrived, [done(1), done(2), done(3), done(4)], [batch(1), batch(2), batch(3), batch(4)]
    )

    assert days(nights) == [2, 3, 4]
    assert nights[0].previous == date(2026, 10, 1)
    assert [night.is_published for night in nights] == [False, False, True]
    assert all(night.restated_by == (batch(2, 2),) for night in nights)


def test_a_late_batch_for_a_skipped_day_is_run_in_its_place():
    nights = nights_to_run([batch(1), batch(2), batch(3)], [done(1), done(3)], [batch(1), batch(3)])

    assert days(nights) == [2, 3]
    assert nights[-1].restated_by == (batch(2),)


def test_a_replay_starts_after_the_last_night_whose_state_is_kept():
    processed = [done(1), done(2, has_state=False), done(3, has_state=False), done(4)]
    nights = nights_to_run([batch(1), batch(2), batch(3), batch(4), batch(4, 2)], processed)

    assert days(nights) == [2, 3, 4]
    assert nights[0].previous == date(2026, 10, 1)


def test_a_replay_with_no_state_left_starts_from_the_beginning():
    processed = [done(1, has_state=False), done(2)]
    nights = nights_to_run([batch(1), batch(2), batch(2, 2)], processed)

    assert days(nights) == [1, 2]
    assert nights[0].previous is None


def test_an_interrupted_replay_goes_on_without_a_release_and_keeps_its_cause():
    # night 2 was sent again and has been replayed; the current release still rests on its first delivery
    nights = nights_to_run(
        [batch(1), batch(2), batch(2, 2), batch(3), batch(4)],
        [done(1), done(2, 2)],
        [batch(1), batch(2), batch(3), batch(4)],
    )

    assert days(nights) == [3, 4]
    assert [night.is_published for night in nights] == [False, True]
    assert all(night.restated_by == (batch(2, 2),) for night in nights)


def test_a_rebuild_from_the_lake_publishes_only_when_it_has_caught_up():
    nights = nights_to_run([batch(1), batch(2), batch(3)], [], [batch(1), batch(2)])

    assert [night.is_published for night in nights] == [False, True, True]
    assert all(night.restated_by == () for night in nights)


def test_a_date_asked_for_again_runs_with_those_after_it_and_explains_no_change():
    nights = nights_to_run(
        [batch(1), batch(2), batch(3)],
        [done(1), done(2), done(3)],
        [batch(1), batch(2), batch(3)],
        date(2026, 10, 2),
    )

    assert days(nights) == [2, 3]
    assert all(night.restated_by == () for night in nights)


def test_state_is_kept_for_the_newest_nights_and_for_past_month_ends():
    nights = [date(2026, month, day) for month in (7, 8, 9, 10) for day in (1, 15, 30)]

    assert kept_states(nights) == [
        date(2026, 8, 30),
        # 30 September was the month's last day: the first batch of October may tell more of it
        date(2026, 9, 15),
        date(2026, 9, 30),
        date(2026, 10, 15),
        date(2026, 10, 30),
    ]


def autumn(*days: tuple[int, int]) -> list[BatchId]:
    return [BatchId(date(2026, month, day), 1) for month, day in days]


def test_a_replay_goes_on_from_the_last_day_of_a_month_only_if_that_day_can_be_computed_anew():
    batches = autumn((9, 28), (9, 29), (9, 30), (10, 1))
    again = [*batches, BatchId(date(2026, 10, 1), 2)]

    def replayed(*, keeps_the_29th: bool) -> list[Night]:
        states = dict(zip(batches, (True, keeps_the_29th, True, True), strict=True))
        return nights_to_run(again, [Processed(batch, kept) for batch, kept in states.items()])

    assert [str(night.batch.business_date) for night in replayed(keeps_the_29th=True)] == ["2026-10-01"]
    assert [str(night.batch.business_date) for night in replayed(keeps_the_29th=False)] == [
        "2026-09-29", "2026-09-30", "2026-10-01",
    ]  # fmt: skip


def test_the_first_night_of_all_can_always_be_computed_anew():
    first, second = autumn((9, 30), (10, 1))

    assert nights_to_run([first, second], [Processed(first, True)]) == [Night(second, date(2026, 9, 30))]


def test_a_batch_may_tell_of_the_month_that_the_one_before_it_ended():
    assert night(date(2026, 2, 28), date(2026, 3, 2)).ends_month_of == date(2026, 2, 28)
    assert night(date(2026, 2, 27), date(2026, 2, 28)).ends_month_of is None
    assert night(None, date(2026, 3, 2)).ends_month_of is None


def test_a_last_day_is_computed_anew_by_its_own_batch_after_the_months_that_it_closed():
    january, last_day = date(2026, 1, 31), date(2026, 2, 28)
    own = BatchId(last_day, 1)

    assert Night(own, date(2026, 2, 27)).closings_again == [
        Closing(last_day, date(2026, 2, 27), date(2026, 2, 27), own)
    ]
    assert Night(own, date(2026, 1, 30)).closings_again == [
        Closing(january, date(2026, 1, 30), date(2026, 1, 30)),
        Closing(last_day, january, date(2026, 1, 30), own),
    ]
    assert Night(own, None).closings_again == [Closing(last_day, None, None, own)]


def night(previous: date | None, business_date: date) -> Night:
    return Night(BatchId(business_date, 1), previous)


def test_a_month_that_ends_without_a_batch_is_closed_before_the_next_night():
    friday, saturday, monday = date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 2)

    assert night(friday, monday).closings == [Closing(saturday, friday, friday)]
    assert night(friday, monday).previous_day == saturday


def test_a_month_with_a_batch_on_its_last_day_is_closed_by_it():
    assert night(date(2026, 2, 28), date(2026, 3, 2)).closings == []
    assert night(date(2026, 2, 27), date(2026, 2, 28)).closings == []
    assert night(date(2026, 2, 28), date(2026, 3, 2)).previous_day == date(2026, 2, 28)


def test_every_month_of_a_long_gap_is_closed_after_the_one_before():
    november, december, january = date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31)

    assert night(date(2025, 11, 28), date(2026, 2, 3)).closings == [
        Closing(november, date(2025, 11, 28), date(2025, 11, 28)),
        Closing(december, november, date(2025, 11, 28)),
        Closing(january, december, date(2025, 11, 28)),
    ]


def test_the_first_night_closes_nothing():
    assert night(None, date(2026, 2, 3)).closings == []
    assert night(None, date(2026, 2, 3)).previous_day is None


def test_a_night_that_was_withdrawn_leaves_the_night_before_to_be_published_once_more():
    nights = nights_to_run(
        [batch(1), batch(2)],
        [done(1), done(2)],
        [batch(1), batch(2), batch(3)],
        withdrawn=[batch(3)],
    )

    assert nights == [Night(batch(2), date(2026, 10, 1))]


def test_nights_after_a_withdrawn_one_are_replayed_and_it_explains_what_changes():
    nights = nights_to_run(
        [batch(1), batch(3), batch(4)],
        [done(1)],
        [batch(1), batch(2), batch(3), batch(4)],
        withdrawn=[batch(2)],
    )

    assert days(nights) == [3, 4]
    assert nights[0].previous == date(2026, 10, 1)
    assert [night.is_published for night in nights] == [False, True]
    assert all(night.restated_by == (batch(2),) for night in nights)


def test_the_delivery_before_a_withdrawn_one_counts_again():
    nights = nights_to_run([batch(1), batch(2)], [done(1)], [batch(1), batch(2, 2)], withdrawn=[batch(2, 2)])

    assert nights == [Night(batch(2), date(2026, 10, 1), True, (batch(2), batch(2, 2)))]


def test_a_delivery_in_the_place_of_a_withdrawn_one_is_told_from_it():
    nights = nights_to_run([batch(1), batch(2)], [done(1)], [batch(1), batch(2)], withdrawn=[batch(2)])

    assert nights == [Night(batch(2), date(2026, 10, 1), True, (batch(2),))]


def test_later_nights_that_are_left_waiting_are_not_taken_for_lost():
    processed = [done(1), done(2), done(3)]
    published = [batch(1), batch(2), batch(3)]

    assert nights_to_run([*published], processed, published, until=date(2026, 10, 2)) == []
