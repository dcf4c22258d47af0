"""Whether similarity finds what people buy before popularity: ``python -m benchmarks.recommendations``.

A year of nights of a generated bank runs in memory, once with the shipped rules and once without any, so that
the list is that of similarity alone. What people came to hold in a month is looked for among the first three
lines that were recommended at the end of the month before: ``rpt_recommendation_quality`` counts it, and
beside it what the most popular lines hit. Those it takes whether they may be offered or not; here a list of
the most popular lines that the customer's risk level allows is counted, too. All follows from the seed.
"""

import argparse
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from rich.console import Console
from rich.progress import track

from benchmarks.generated_nights import FewNights, Figure, GeneratedNights, rows_of, show, write_section
from sample_bank.generate import generate_bank

END = date(2026, 10, 30)
MARTS = ("fct_recommendation", "rpt_recommendation_quality")
FIRST = 3
_ALLOWED = """
with customers as (
    select distinct lists.customer_id, coalesce(cast(versions.risk_level_code as integer), 1) as risk_level
    from intermediate.int_recommendation__list as lists
    inner join intermediate.int_customer__versions as versions
        on lists.customer_id = versions.customer_id and versions.known_to_date is null
    where lists.business_date = $night and lists.list_code = 'month_before'
),
lines as (
    select customer_id, product_line_code, is_held, is_held_before
    from intermediate.int_holding__line
    where business_date = $night and month_start_date = date_trunc('month', $night::date)
),
offered as (
    select
        customers.customer_id,
        pairs.product_line_code,
        row_number() over (
            partition by customers.customer_id order by pairs.holder_cnt desc, pairs.product_line_code
        ) as place
    from customers
    cross join intermediate.int_recommendation__line_pair as pairs
    left join stg.line_risk_rules as risks on pairs.product_line_code = risks.product_line_code
    where
        pairs.held_line_code = pairs.product_line_code
        and pairs.month_start_date = date_trunc('month', $night::date)
        and coalesce(risks.risk_level, 0) <= customers.risk_level
        and not exists (
            select 1
            from lines
            where
                lines.is_held_before
                and lines.customer_id = customers.customer_id
                and lines.product_line_code = pairs.product_line_code
        )
)
select count(distinct customer_id)
from offered
inner join lines using (customer_id, product_line_code)
where offered.place <= $first and lines.is_held and not lines.is_held_before
"""
"""How many buyers the most popular lines hit that each might be offered, on the last night of a month."""


def month_rows(spec: FewNights, folders: list[Path], *, has_rules: bool) -> pl.DataFrame:
    """A row of ``rpt_recommendation_quality`` for each month, and ``allowed_at_3_cnt`` beside it."""
    nights = GeneratedNights(MARTS)
    if not has_rules:
        nights.connection.execute("delete from stg.recommendation_rules")
    last_nights = {night.replace(day=1): night for night in spec.timeline.nights}
    allowed = []
    what = "nights with rules" if has_rules else "nights without"
    for batch in track(folders, what, console=Console(stderr=True), transient=True):
        nights.run_folder(batch)
        night = nights.last_night.business_date
        if night == last_nights[night.replace(day=1)]:
            told = {"night": night, "first": FIRST}
            (hits,) = nights.connection.execute(_ALLOWED, told).fetchone() or (0,)
            allowed.append({"month_start_date": night.replace(day=1), "allowed_at_3_cnt": hits})
    rows = nights.connection.execute(
        "from customer.rpt_recommendation_quality where not is_provisional order by month_start_date"
    ).pl()
    return rows.join(pl.DataFrame(allowed), on="month_start_date")


def figures(rules: pl.DataFrame, similar: pl.DataFrame) -> list[Figure]:
    """Buyers whom each list hit, of all buyers with a list in all months.

    Args:
        rules: Months of the shipped lists.
        similar: The same months of lists by similarity alone.
    """

    def hits(rows: pl.DataFrame, column: str) -> tuple[int, int]:
        return int(rows[column].sum()), int(rows["buyer_cnt"].sum())

    return [
        Figure("similarity alone, at 3", *hits(similar, "hit_at_3_cnt")),
        Figure("popularity for the same customers, at 3", *hits(similar, "popular_at_3_cnt")),
        Figure("popularity within their risk levels, at 3", *hits(similar, "allowed_at_3_cnt")),
        Figure("similarity alone, at 1", *hits(similar, "hit_at_1_cnt")),
        Figure("popularity for the same customers, at 1", *hits(similar, "popular_at_1_cnt")),
        Figure("rules and similarity as shipped, at 3", *hits(rules, "hit_at_3_cnt")),
        Figure("popularity for the same customers, at 3", *hits(rules, "popular_at_3_cnt")),
        Figure("popularity within their risk levels, at 3", *hits(rules, "allowed_at_3_cnt")),
    ]


def measure(spec: FewNights, folder: Path) -> tuple[list[Figure], pl.DataFrame]:
    """The figures of a bank, and the months of similarity alone."""
    folders = generate_bank(spec, folder / "landing", folder / "key")
    similar = month_rows(spec, folders, has_rules=False)
    return figures(month_rows(spec, folders, has_rules=True), similar), similar


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
        found, months = measure(spec, Path(folder))
    show("of the buyers with a list, hit", found)
    Console().print(months)
    if options.write:
        about = (
            f"{options.customers:,} customers, seed {options.seed}, {months.height} months of purchases,"
            f" {len(spec.timeline.nights)} nights."
        )
        write_section("recommendations", [about, "", *rows_of("of the buyers with a list, hit", found)])


if __name__ == "__main__":
    main()
