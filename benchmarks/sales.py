"""What a stream of sales costs: ``python -m benchmarks.sales --trades 1000000 --nights 30 --last 20000``.

A generated bank gets as many sales a night as are asked for, with three registrations for every two of them,
some on the day after. The nights run in one process; then one more night, an ordinary one, is measured.
"""

import argparse
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
from rich.console import Console
from rich.table import Table

from orchestration.night import run_waiting
from orchestration.releases.files import remove
from orchestration.releases.keys import note_generated
from orchestration.sampling import write_sample
from orchestration.settings import PROJECT, Settings, private_folder
from orchestration.stations import NightResult
from sample_bank.delivery import Format
from sample_bank.edit import BatchEdit
from sample_bank.generate import SampleSpec

END = date(2026, 10, 30)
PARQUET = Format(kind="parquet")

_TRADES = """
with buyers as materialized (
    select customer_id, home_org_id, row_number() over (order by customer_id) - 1 as number
    from customer where status = 'active'
),
sellers as materialized (
    select employee_id, org_id, row_number() over (partition by org_id order by employee_id) - 1 as seat
    from employee where status = 'active'
),
products as materialized (
    select product_code, row_number() over (order by product_code) - 1 as number
    from product where sales_product_code is not null
),
sold as (
    select
        'B' || lpad(cast($night as varchar), 3, '0') || lpad(cast(range as varchar), 7, '0') as trade_id,
        hash(range * 1000 + $night) as dice
    from range($trades)
),
-- the counts in columns: as subqueries in a join's condition they would make it a comparison of all with all
drawn as materialized (
    select
        sold.*,
        cast(dice // 7 % (select count(*) from buyers) as bigint) as buyer,
        cast(dice // 11 % (select count(*) from products) as bigint) as product,
        cast(dice // 13 % 4 as bigint) as seat
    from sold
)
select
    drawn.trade_id,
    buyers.customer_id,
    cast(null as varchar) as account_id,
    products.product_code,
    $day as trade_date,
    cast(1000 + drawn.dice % 50000000 / 100 as decimal(18, 2)) as amount,
    cast(drawn.dice % 100000 / 100 as decimal(18, 2)) as fee_income,
    buyers.home_org_id as org_id,
    sellers.employee_id as teller_id,
    'counter' as channel_code,
    'live' as status,
    cast(null as varchar) as related_trade_id
from drawn
inner join buyers on drawn.buyer = buyers.number
inner join products on drawn.product = products.number
inner join sellers on buyers.home_org_id = sellers.org_id and drawn.seat = sellers.seat
"""
_REGISTRATIONS = """
with sold as (
    select trade_id, org_id, teller_id, trade_date, hash(trade_id) as dice from trades
),
colleagues as (
    select org_id, min(employee_id) as employee_id from employee where status = 'active' group by org_id
)
select
    'R' || sold.trade_id || cast(turn.range as varchar) as registration_id,
    sold.trade_id,
    case when turn.range = 0 then sold.teller_id else colleagues.employee_id end as actor_id,
    case when turn.range = 0 then 'seller' else 'referrer' end as actor_role,
    cast(null as decimal(6, 5)) as ratio,
    cast($day as timestamp) + interval 10 hour as registered_at,
    sold.teller_id as registered_by,
    'manual' as source,
    cast(null as timestamp) as revoked_at
from sold
inner join colleagues on sold.org_id = colleagues.org_id
cross join range(2) as turn
where turn.range = 0 or sold.dice % 2 = 0
"""


@dataclass(frozen=True)
class Stream:
    """How many sales come on which nights.

    Attributes:
        last: Sales of the night that is measured by itself.
    """

    customers: int
    trades: int
    nights: int
    last: int

    def trades_of(self, night: int) -> int:
        """Sales of one night, counted from 0."""
        return self.last if night == self.nights else self.trades // self.nights


def write_stream(settings: Settings, stream: Stream) -> list[date]:
    """Generate the bank and put the sales into its batches; returns the nights."""
    spec = SampleSpec(
        customers=stream.customers,
        months=3,
        nights=stream.nights + 1,
        end=END,
        profile="wealthy",
        written_as=PARQUET,
    )
    folders = write_sample(settings, spec)
    earlier: pl.DataFrame | None = None
    nights = []
    with duckdb.connect() as connection:
        for number, folder in enumerate(folders):
            edit = BatchEdit(folder)
            nights.append(date.fromisoformat(str(edit.manifest["business_date"])))
            if number == 0:
                for table in ("customer", "employee", "product"):
                    connection.register(table, edit.read(table))
            trades = connection.execute(
                _TRADES, {"night": number, "trades": stream.trades_of(number), "day": nights[-1]}
            ).pl()
            # half of them are registered on the day after
            today, later = trades[: trades.height // 2], trades[trades.height // 2 :]
            known = today if earlier is None else pl.concat([today, earlier])
            connection.register("trades", known)
            registrations = connection.execute(_REGISTRATIONS, {"day": nights[-1]}).pl()
            edit.write("sales_trade", trades.cast(edit.read("sales_trade").schema))
            edit.write("sales_registration", registrations.cast(edit.read("sales_registration").schema))
            edit.save()
            earlier = later
    note_generated(settings, folders)
    return nights


def show(console: Console, settings: Settings, results: list[NightResult]) -> None:
    """Tell the stations' times of the first and the last nights, and what the ledger holds."""
    table = Table(title="Nights", title_justify="left")
    stations = list(results[0].seconds)
    for title in ("night", *stations, "total"):
        table.add_column(title, justify="right")
    for result in (*results[:2], *results[-2:]):
        seconds = [result.seconds[station] for station in stations]
        table.add_row(str(result.batch.business_date), *(f"{s:.1f} s" for s in (*seconds, sum(seconds))))
    console.print(table)
    total = sum(sum(result.seconds.values()) for result in results)
    with duckdb.connect(str(settings.published / "current" / "acrm.duckdb"), read_only=True) as connection:
        counts = connection.execute(
            "select (select count(*) from sales.fct_trade_attribution), count(*),"
            " count(*) filter (entry_type_code = 'reversal') from sales.fct_sales_credit"
        ).fetchone() or (0, 0, 0)
    console.print(
        f"{len(results)} nights in {total:.0f} s; {counts[0]:,} trades, {counts[1]:,} entries,"
        f" {counts[2]:,} of them reversals."
    )


def main() -> None:
    """Generate, run the nights but one, then the last one."""
    parser = argparse.ArgumentParser(description="Measures nights with many sales.")
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--trades", type=int, default=1_000_000)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--last", type=int, default=20_000)
    arguments = parser.parse_args()
    stream = Stream(arguments.customers, arguments.trades, arguments.nights, arguments.last)
    console = Console()
    os.umask(0o077)
    bench = Path(os.environ.get("ACRM_BENCH") or PROJECT / "var" / "bench")
    home = bench / f"sales-{stream.trades}"
    if home.exists():
        remove(home)
    private_folder(home)
    settings = Settings.load(home)
    with console.status("generating"):
        nights = write_stream(settings, stream)
    with console.status("running"):
        results = run_waiting(settings, until=nights[-2])
        results += run_waiting(settings)
    show(console, settings, results)


if __name__ == "__main__":
    main()
