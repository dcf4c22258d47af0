"""What is counted of lists of lines, by hand, and a whole run of a tiny bank."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.generated_nights import FewNights
from benchmarks.recommendations import figures, measure, month_hits

NIGHT = date(2026, 10, 30)
HELD = [("A", "savings"), ("A", "fund"), ("B", "savings"), ("C", "savings")]
BOUGHT = [("A", "gold"), ("B", "fund"), ("C", "card")]
# of ten persons ten hold savings, six a card, four a fund, three gold
PAIRS = [
    ("savings", "card", 6, 10, 6, 0.774597), ("savings", "fund", 4, 10, 4, 0.632456),
    ("savings", "gold", 3, 10, 3, 0.547723), ("fund", "gold", 2, 4, 3, 0.577350),
    ("fund", "card", 2, 4, 6, 0.408248), ("savings", "savings", 10, 10, 10, 1.0),
]  # fmt: skip


def bank() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        """
        create schema intermediate; create schema stg;
        create table stg.line_risk_rules as select 'fund' as product_line_code, 3 as risk_level;
        create table stg.recommendation_settings as select 2 as min_support_cnt;
        create table intermediate.int_recommendation__list as
        select unnest(['A', 'B', 'C']) as customer_id, date '2026-10-30' as business_date,
            'month_before' as list_code;
        create table intermediate.int_customer__versions (
            customer_id varchar, risk_level_code varchar, known_to_date date);
        insert into intermediate.int_customer__versions values
            ('A', '3', null), ('B', '2', null), ('C', null, null);
        create table intermediate.int_holding__line (
            customer_id varchar, product_line_code varchar, is_held_before boolean, is_held boolean,
            business_date date, month_start_date date);
        create table intermediate.int_recommendation__line_pair (
            held_line_code varchar, product_line_code varchar, both_cnt bigint, held_line_cnt bigint,
            holder_cnt bigint, similarity decimal(9, 6), month_start_date date);
        """
    )
    lines = [(*each, True, True, NIGHT, date(2026, 10, 1)) for each in HELD]
    lines += [(*each, False, True, NIGHT, date(2026, 10, 1)) for each in BOUGHT]
    connection.executemany("insert into intermediate.int_holding__line values (?, ?, ?, ?, ?, ?)", lines)
    connection.executemany(
        "insert into intermediate.int_recommendation__line_pair values (?, ?, ?, ?, ?, ?, ?)",
        [(*pair, date(2026, 10, 1)) for pair in PAIRS],
    )
    return connection


def test_orders_of_the_same_lines_hit_whom_they_hit() -> None:
    rows = {row["order_code"]: row for row in month_hits(bank(), NIGHT, first=1)}

    # A holds savings and a fund, and buys gold. The cosine with savings puts the card first, as holders do;
    # only where savings, which everybody holds, say less than the fund, gold is first. B may not have a fund.
    # C buys a card, which is first in every order.
    assert {order: (row["hit_cnt"], row["buyer_cnt"]) for order, row in rows.items()} == {
        "similarity": (1, 3), "popularity": (1, 3), "specific": (2, 3),
    }  # fmt: skip
    # A alone invests already
    assert {order: (row["more_hit_cnt"], row["more_buyer_cnt"]) for order, row in rows.items()} == {
        "similarity": (0, 1), "popularity": (0, 1), "specific": (1, 1),
    }  # fmt: skip
    # with three places gold is second in all of them
    assert [row["hit_cnt"] for row in month_hits(bank(), NIGHT)] == [2, 2, 2]


def test_months_add() -> None:
    counts = ("hit_at_3_cnt", "popular_at_3_cnt", "hit_at_1_cnt", "popular_at_1_cnt", "buyer_cnt")
    months = pl.DataFrame([(3, 2, 1, 0, 10), (2, 2, 2, 1, 5)], schema=counts, orient="row")
    hits = pl.DataFrame(
        [(order, 2, 10, 1, 4) for order in ("similarity", "popularity", "specific") for _ in range(2)],
        schema=["order_code", "hit_cnt", "buyer_cnt", "more_hit_cnt", "more_buyer_cnt"],
        orient="row",
    )

    found = figures(months.head(1), months, hits)

    assert [(each.held, each.of) for each in found[:6]] == [
        (5, 15), (4, 15), (3, 15), (1, 15), (3, 10), (2, 10),
    ]  # fmt: skip
    assert {(each.held, each.of) for each in found[6:9]} == {(4, 20)}
    assert {(each.held, each.of) for each in found[9:]} == {(2, 8)}


def test_a_tiny_bank_of_three_months_is_measured(tmp_path: Path) -> None:
    spec = FewNights(customers=400, months=1, night_months=3, a_month=1, end=NIGHT)

    found = measure(spec, tmp_path)

    assert all(0 <= each.held <= each.of for each in found)
    # the same buyers with and without the risk level
    assert found[0].of == found[6].of > 0
