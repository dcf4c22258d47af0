"""Whether payments tell whom to win and who supplies whom: ``python -m benchmarks.prospects``.

A generated bank knows which companies outside pay its corporates month by month, and which corporates supply
others though nobody has declared it; there is noise beside both. A year of nights runs in memory, and what
``rpt_prospect`` and ``fct_supply_chain_link_monthly`` say on the last one is compared with what was planted.
Everything follows from the seed.
"""

import argparse
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from rich.console import Console
from rich.progress import track

from benchmarks.generated_nights import FewNights, Figure, nights_of, rows_of, show, write_section
from sample_bank.generate import generate_bank
from sample_bank.partners import INSIDE, OUTSIDE
from tests.support.generated_nights import GeneratedNights

END = date(2026, 10, 30)
MARTS = ("rpt_prospect", "fct_supply_chain_link_monthly")
FIRST, FIRST_OF_ORG = 100, 10
SIZES = ((40, 100), (100, 200), (200, 401))
"""Bands of what a supplier is paid, thousandths of what the payer has and gets in a month."""
_LIST = """
select listed.score, listed.org_rank_no, listed.in_amt, coalesce(planted.kind_code, 'unplanted') as kind_code
from corporate.rpt_prospect as listed
left join planted
    on listed.counterparty_key = 'account|' || planted.counter_account || '|' || planted.counter_bank_code
where listed.prospect_type_code = 'outside'
order by listed.score desc, listed.counterparty_key
"""
_LINKS = """
select payer_customer_id, payee_customer_id, is_declared, is_inferred
from corporate.fct_supply_chain_link_monthly
where is_provisional
"""


def run(spec: FewNights, folder: Path) -> GeneratedNights:
    """Generate the bank, with its answer key, and run all of its nights."""
    nights = nights_of(MARTS)
    folders = generate_bank(spec, folder / "landing", folder / "key")
    for batch in track(folders, "nights", console=Console(stderr=True), transient=True):
        nights.run_folder(batch)
    return nights


def listed(nights: GeneratedNights, folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The companies outside that the list names, best first, each with its kind; and those planted."""
    planted = pl.read_parquet(folder / "key" / "prospect-*.parquet")
    nights.connection.register("planted", planted)
    found = nights.connection.execute(_LIST).pl()
    nights.connection.unregister("planted")
    return found, planted


def prospect_figures(found: pl.DataFrame, planted: pl.DataFrame) -> list[Figure]:
    """How many strong companies are at the top, of the whole list and of each org's, and who else is.

    Args:
        found: Rows of the list, best first, with ``kind_code`` and ``org_rank_no``.
        planted: Companies with ``kind_code``.
    """
    strong = planted.filter(pl.col("kind_code") == "strong").height
    count = min(FIRST, strong)
    first = found.head(count)
    by_org = found.filter(pl.col("org_rank_no") <= FIRST_OF_ORG)

    def of_kind(rows: pl.DataFrame, code: str) -> int:
        return rows.filter(pl.col("kind_code") == code).height

    return [
        Figure(f"strong among the first {count} (precision)", of_kind(first, "strong"), first.height),
        Figure("of all strong companies", of_kind(first, "strong"), strong),
        Figure(
            f"strong among the first {FIRST_OF_ORG} of each org", of_kind(by_org, "strong"), by_org.height
        ),
        *(
            Figure(f"among the first {count} though {code}", of_kind(first, code), of_kind(planted, code))
            for code in [kind.code for kind in OUTSIDE[1:]]
        ),
        Figure(
            f"among the first {count} though nobody planted them",
            of_kind(first, "unplanted"),
            of_kind(found, "unplanted"),
        ),
    ]


def link_figures(links: pl.DataFrame, declared: pl.DataFrame, payers: pl.DataFrame) -> list[Figure]:
    """How many chains are found, declared and undeclared apart, and how many of those inferred are none.

    Args:
        links: Published links: payer, payee, ``is_declared``, ``is_inferred``.
        declared: Payers (``customer_id``) and payees (``other_id``) that relations tell of.
        payers: The same of payments that no relation tells of, with ``kind_code`` and ``size``.
    """
    links = links.rename({"payer_customer_id": "customer_id", "payee_customer_id": "other_id"})
    told = declared.join(links, how="left", on=["customer_id", "other_id"])
    paid = payers.join(links, how="left", on=["customer_id", "other_id"])
    inferred = links.filter(pl.col("is_inferred") & ~pl.col("is_declared"))
    truly = paid.filter((pl.col("kind_code") == "supplier") & pl.col("is_inferred")).height
    suppliers = paid.filter(pl.col("kind_code") == "supplier")
    in_band = {
        f"… of what the payer has and gets, {low / 10:.0f} to {high / 10:.0f} % a month": suppliers.filter(
            pl.col("size").is_between(low, high, closed="left")
        )
        for low, high in SIZES
    }
    return [
        Figure("declared chains that are links", int(told["is_declared"].sum()), told.height),
        Figure("declared chains that payments tell, too", int(told["is_inferred"].sum()), told.height),
        Figure("undeclared suppliers that are inferred (recall)", truly, suppliers.height),
        *(Figure(what, int(rows["is_inferred"].sum()), rows.height) for what, rows in in_band.items()),
        Figure("inferred links, not declared, that are suppliers (precision)", truly, inferred.height),
        *(
            Figure(
                f"inferred though {code}",
                paid.filter((pl.col("kind_code") == code) & pl.col("is_inferred")).height,
                paid.filter(pl.col("kind_code") == code).height,
            )
            for code in [kind.code for kind in INSIDE[1:]]
        ),
    ]


def measure(spec: FewNights, folder: Path) -> tuple[list[Figure], list[Figure]]:
    """Figures of the prospects and of the links of a bank."""
    nights = run(spec, folder)
    declared = pl.read_parquet(folder / "key" / "link-*.parquet").filter(
        pl.col("link_code") == "supply_chain"
    )
    payers = pl.read_parquet(folder / "key" / "payer-*.parquet")
    links = nights.connection.execute(_LINKS).pl()
    return prospect_figures(*listed(nights, folder)), link_figures(links, declared, payers)


def main() -> None:
    """Measure seed by seed, show, and write what came out into the document."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.prospects", description=__doc__)
    asked.add_argument("--customers", type=int, default=5_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--write", action="store_true", help="write the figures into benchmarks/PLANTED.md")
    options = asked.parse_args()
    spec = FewNights(customers=options.customers, seed=options.seed, night_months=12, a_month=3, end=END)
    with TemporaryDirectory() as folder:
        prospects, links = measure(spec, Path(folder))
    show("prospects", prospects)
    show("supply chain", links)
    if options.write:
        about = (
            f"{options.customers:,} customers, seed {options.seed}, {len(spec.timeline.nights)} nights from"
            f" {spec.timeline.nights[0]} to {spec.timeline.nights[-1]}."
        )
        lines = [about, "", *rows_of("prospects", prospects), "", *rows_of("supply chain", links)]
        write_section("prospects", lines)


if __name__ == "__main__":
    main()
