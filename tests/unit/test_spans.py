"""Times that meet or overlap become one, whatever their order and however often they are told."""

import random
from datetime import date, timedelta

import duckdb

from tests.support.macros import render

MERGED = render("merged_spans('told', ['number'])")
DAY = date(2026, 1, 1)
Span = tuple[int, date, date]


def one_after_the_other(spans: list[Span]) -> list[Span]:
    """The same by hand: each span goes into the one before it, if it begins within it or at its end."""
    merged: list[Span] = []
    for number, begins, ends in sorted(spans):
        if merged and merged[-1][0] == number and begins <= merged[-1][2]:
            merged[-1] = (number, merged[-1][1], max(ends, merged[-1][2]))
        else:
            merged.append((number, begins, ends))
    return merged


def test_spans_become_one_where_they_meet_and_equal_ones_are_one() -> None:
    chance = random.Random(3)
    told: list[Span] = []
    for number in range(3_000):
        for _ in range(chance.randint(1, 5)):
            begins = DAY + timedelta(days=chance.randint(0, 12))
            span = (number, begins, begins + timedelta(days=chance.randint(1, 5)))
            # two children of a parent have the same time below it
            told += [span] * chance.randint(1, 3)
    chance.shuffle(told)
    with duckdb.connect() as connection:
        connection.execute("create table told (number integer, from_date date, to_date date)")
        rows = ", ".join(f"({number}, date '{begins}', date '{ends}')" for number, begins, ends in told)
        connection.execute(f"insert into told values {rows}")
        found = connection.execute(f"from ({MERGED}) order by all").fetchall()

    assert found == one_after_the_other(told)


def test_which_of_equal_spans_comes_first_does_not_matter() -> None:
    """Two windows may each have an order of their own for equal rows: a member of a group stood twice."""
    with duckdb.connect() as connection:
        connection.execute("set threads = 2; set preserve_insertion_order = false")
        connection.execute(
            """
            create table told as
            select
                people.range as number, date '2011-01-01' + cast(people.range % 7 as integer) as from_date,
                date '9999-12-31' as to_date
            from range(200) as people cross join range(3) as times
            order by hash(people.range, times.range)
            """
        )
        found = connection.execute(f"select number, count(*) from ({MERGED}) group by number").fetchall()

    assert sorted(found) == [(number, 1) for number in range(200)]
