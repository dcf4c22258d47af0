"""Whether similarity finds what people buy before popularity: ``python -m benchmarks.recommendations``.

Months of a generated bank run in memory, two nights of each: once with the shipped rules and once without
any, so that the list is that of similarity alone. What people came to hold in a month is looked for among
the first three lines that were recommended at the end of the month before: ``rpt_recommendation_quality``
counts it, and beside it what the most popular lines hit. Those it takes whether they may be offered or not;
here the same lines are also put into three orders, all within the customer's risk level. All follows from
the seed.
"""

import argparse
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
from rich.console import Console
from rich.progress import track

from benchmarks.generated_nights import FewNights, Figure, nights_of, rows_of, show, write_section
from sample_bank.generate import generate_bank

END = date(2026, 10, 30)
MARTS = ("fct_recommendation", "rpt_recommendation_quality")
FIRST = 3
INVESTED = ("bond", "fund", "gold", "insurance", "trust", "wealth_management")
COMMON = 0.5
"""Share of all customers from which a line that they hold tells nothing of what somebody likes."""
SCORES = {
    "similarity": "max(pairs.similarity)",
    "popularity": "max(pairs.holder_cnt)",
    "specific": "max(case when pairs.held_line_cnt < $common * everybody.person_cnt then 1 else 0 end"
    " + pairs.similarity)",
}
"""Orders of the same lines: as the model does it, by holders, and with what common lines say put last."""
_HITS = """
with customers as (
    select distinct lists.customer_id, coalesce(cast(versions.risk_level_code as integer), 1) as risk_level
    from intermediate.int_recommendation__list as lists
    inner join intermediate.int_customer__versions as versions
        on lists.customer_id = versions.customer_id and versions.known_to_date is null
    where lists.business_date = $night and lists.list_code = 'month_before'
),
lines as (
    select lines.customer_id, lines.product_line_code, lines.is_held_before, lines.is_held
    from intermediate.int_holding__line as lines
    inner join customers using (customer_id)
    where lines.business_date = $night and lines.month_start_date = date_trunc('month', $night::date)
),
pairs as (
    from intermediate.int_recommendation__line_pair
    where month_start_date = date_trunc('month', $night::date)
),
everybody as (select max(holder_cnt) as person_cnt from pairs),
scored as (
    select lines.customer_id, pairs.product_line_code, {score} as score
    from lines
    inner join pairs on lines.product_line_code = pairs.held_line_code
    inner join customers on lines.customer_id = customers.customer_id
    cross join everybody
    left join stg.line_risk_rules as risks on pairs.product_line_code = risks.product_line_code
    left join lines as held
        on lines.customer_id = held.customer_id
        and pairs.product_line_code = held.product_line_code
        and held.is_held_before
    where
        lines.is_held_before
        and held.customer_id is null
        and pairs.both_cnt >= (select min(min_support_cnt) from stg.recommendation_settings)
        and coalesce(risks.risk_level, 0) <= customers.risk_level
    group by lines.customer_id, pairs.product_line_code
),
ranked as (
    select
        customer_id,
        product_line_code,
        row_number() over (partition by customer_id order by score desc, product_line_code) as place
    from scored
),
bought as (
    select
        lines.customer_id,
        ranked.place,
        lines.product_line_code in $invested and lines.customer_id in (
            select customer_id from lines where is_held_before and product_line_code in $invested
        ) as is_more
    from lines
    left join ranked using (customer_id, product_line_code)
    where lines.is_held and not lines.is_held_before
)
select
    count(distinct customer_id) as buyer_cnt,
    count(distinct case when place <= $first then customer_id end) as hit_cnt,
    count(distinct case when is_more then customer_id end) as more_buyer_cnt,
    count(distinct case when is_more and place <= $first then customer_id end) as more_hit_cnt
from bought
"""
"""Buyers of a month and whom the first lines of an order hit; of them, those who invest in one line more."""


def month_hits(
    connection: duckdb.DuckDBPyConnection, night: date, first: int = FIRST
) -> list[dict[str, object]]:
    """What the first lines of each order of :data:`SCORES` hit in the month of its last night."""
    rows = []
    for order, score in SCORES.items():
        told = {"night": night, "first": first, "common": COMMON, "invested": list(INVESTED)}
        sql = _HITS.replace("{score}", score)
        asked = {name: value for name, value in told.items() if f"${name}" in sql}
        (row,) = connection.execute(sql, asked).pl().to_dicts()
        rows.append({"month_start_date": night.replace(day=1), "order_code": order} | row)
    return rows


def month_rows(spec: FewNights, folders: list[Path], *, has_rules: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Months of ``rpt_recommendation_quality``, and what each order of the same lines hits in them."""
    nights = nights_of(MARTS)
    if not has_rules:
        nights.connection.execute("delete from stg.recommendation_rules")
    last_nights = {night.replace(day=1): night for night in spec.timeline.nights}
    hits = []
    what = "nights with rules" if has_rules else "nights without"
    for batch in track(folders, what, console=Console(stderr=True), transient=True):
        nights.run_folder(batch)
        night = nights.last_night.business_date
        if not has_rules and night == last_nights[night.replace(day=1)]:
            hits += month_hits(nights.connection, night)
    rows = nights.connection.execute(
        "from customer.rpt_recommendation_quality order by month_start_date"
    ).pl()
    return rows, pl.DataFrame(hits)


def figures(shipped: pl.DataFrame, similar: pl.DataFrame, hits: pl.DataFrame) -> list[Figure]:
    """Buyers whom each list hit, of all buyers with a list in all months.

    Args:
        shipped: Months of ``rpt_recommendation_quality`` by rules and similarity.
        similar: The same months by similarity alone.
        hits: Rows of :func:`month_hits`.
    """

    def published(rows: pl.DataFrame, column: str) -> tuple[int, int]:
        return int(rows[column].sum()), int(rows["buyer_cnt"].sum())

    def ordered(order: str, of: str = "") -> tuple[int, int]:
        rows = hits.filter(pl.col("order_code") == order)
        return int(rows[f"{of}hit_cnt"].sum()), int(rows[f"{of}buyer_cnt"].sum())

    return [
        Figure("published, similarity alone: its list at 3", *published(similar, "hit_at_3_cnt")),
        Figure("… popularity at 3", *published(similar, "popular_at_3_cnt")),
        Figure("… its list at 1", *published(similar, "hit_at_1_cnt")),
        Figure("… popularity at 1", *published(similar, "popular_at_1_cnt")),
        Figure("published, rules and similarity: their list at 3", *published(shipped, "hit_at_3_cnt")),
        Figure("… popularity at 3", *published(shipped, "popular_at_3_cnt")),
        Figure("within the risk level, at 3: similarity", *ordered("similarity")),
        Figure("… popularity", *ordered("popularity")),
        Figure("… similarity, lines that half of all hold put last", *ordered("specific")),
        Figure("who invest in one line more: similarity", *ordered("similarity", "more_")),
        Figure("… popularity", *ordered("popularity", "more_")),
        Figure("… similarity, lines that half of all hold put last", *ordered("specific", "more_")),
    ]


def measure(spec: FewNights, folder: Path) -> list[Figure]:
    """The figures of a bank."""
    folders = generate_bank(spec, folder / "landing", folder / "key")
    similar, hits = month_rows(spec, folders, has_rules=False)
    shipped, _ = month_rows(spec, folders, has_rules=True)
    return figures(shipped, similar, hits)


def main() -> None:
    """Measure, show, and write what came out into the document."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.recommendations", description=__doc__)
    asked.add_argument("--customers", type=int, default=5_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument(
        "--months", type=int, default=8, help="with nights; the first and the last tell nothing"
    )
    asked.add_argument("--write", action="store_true", help="write the figures into benchmarks/PLANTED.md")
    options = asked.parse_args()
    spec = FewNights(
        customers=options.customers, seed=options.seed, night_months=options.months, a_month=2, end=END
    )
    with TemporaryDirectory() as folder:
        found = measure(spec, Path(folder))
    show("of the buyers with a list, hit", found)
    if options.write:
        about = (
            f"{options.customers:,} customers, seed {options.seed}, {len(spec.timeline.nights)} nights from"
            f" {spec.timeline.nights[0]} to {spec.timeline.nights[-1]}."
        )
        write_section("recommendations", [about, "", *rows_of("of the buyers with a list, hit", found)])


if __name__ == "__main__":
    main()
