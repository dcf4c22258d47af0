"""What a what-if costs at the size of a city: ``python -m benchmarks.what_if --customers 7400000``.

A published-like database is made by SQL, with the columns that a what-if reads and about 3 % of the
customers at or above 50,000; then one rulebook judges all of its history in this process.
"""

import argparse
import resource
from pathlib import Path
from time import perf_counter

import duckdb
from rich.console import Console

from orchestration.settings import PROJECT, private_folder
from orchestration.sql import Sql, fill, value
from orchestration.what_if.release import Release
from tests.support.macros import create_what_if_macros

MONTHS = 24
THREADS = 2
MEMORY = "6GB"
RULEBOOK = "documents"
AMOUNT = "decimal(18, 2)"

_BANK = """
create schema customer_value;
create schema rules;
create table customer_value.fct_customer_aum_monthly (
    customer_id varchar, month_start_date date, aum_end_amt {amount}, aum_month_avg_amt {amount},
    aum_month_avg_30_amt {amount}, aum_avg_6m_amt {amount}, aum_avg_12m_amt {amount}
);
create table customer_value.fct_customer_tier_monthly (
    customer_id varchar, owning_org_id varchar, tier_code varchar, tier_rank integer, status_code varchar,
    month_start_date date, card_spend_12m_amt {amount}, mortgage_balance_amt {amount},
    credit_loan_balance_amt {amount}, has_diamond_card boolean, is_provisional boolean
);
"""

# amounts fall off like a power of the rank; a tenth of the customers loses most of it one day
_MONTH = """
create or replace temp table month as
select
    'C' || lpad(cast(number as varchar), 9, '0') as customer_id,
    lpad(cast(number % 120 as varchar), 4, '0') as owning_org_id,
    cast(date '2024-11-01' + to_months({month}) as date) as month_start_date,
    (hash(number + 77) % 100000) / 100000.0 as spender,
    (hash(number + 177) % 100000) / 100000.0 as borrower,
    cast(
        case
            when share > 0.06 then 4000 * (1 - share)
            else 50000 * power(0.03 / greatest(share, 1e-7), 0.9)
        end
        * (0.7 + 0.6 * (hash(number * 24 + {month}) % 1000) / 1000.0)
        * (case when hash(number + 991) % 10 = 0 and {month} >= hash(number + 55) % 24 then 0.3 else 1 end)
        as {amount}
    ) as aum_amt
from (select range as number, (hash(range) % 1000000) / 1000000.0 as share from range({customers}));
insert into customer_value.fct_customer_aum_monthly
select customer_id, month_start_date, aum_amt, aum_amt, aum_amt, aum_amt, aum_amt from month;
insert into customer_value.fct_customer_tier_monthly
select
    customer_id, owning_org_id, 'ordinary', 0, 'normal', month_start_date,
    case when spender < 0.3 then 3000 / (spender + 0.01) else 0 end,
    case when borrower < 0.05 then 400000 * (0.4 + 75 * borrower) else 0 end,
    case when borrower > 0.95 then 50000 + 5500000 * (borrower - 0.95) else 0 end,
    spender > 0.9995, false
from month;
"""


def make_bank(path: Path, customers: int) -> None:
    """Write a published-like database."""
    path.unlink(missing_ok=True)
    with duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY}) as connection:
        connection.execute(fill("attach {path} as bank (storage_version 'v1.0.0')", path=value(path)))
        connection.execute("use bank")
        amount = Sql(AMOUNT)
        connection.execute(fill(_BANK, amount=amount))
        for month in range(MONTHS):
            connection.execute(fill(_MONTH, month=value(month), customers=value(customers), amount=amount))
        for seed in ("tier_rulebooks", "tier_rules", "tier_factor_rules", "tier_status_rules"):
            file = PROJECT / "seeds" / "rules" / f"{seed}.csv"
            read = "create table rules.{seed} as from read_csv({file}, header = true)"
            connection.execute(fill(read, seed=Sql(seed), file=value(file)))
        for column, data_type in (
            ("tier_rulebooks alter valid_to_month", "date using null"),
            ("tier_rules alter aum_from_amt", AMOUNT),
            ("tier_factor_rules alter threshold_amt", AMOUNT),
        ):
            connection.execute(f"alter table rules.{column} type {data_type}")
        create_what_if_macros(connection)
        connection.execute("use memory; detach bank")


def ask(path: Path) -> tuple[int, float]:
    """Judge all history; how many customer-months are above ordinary, and the seconds it took."""
    with duckdb.connect(
        str(path),
        read_only=True,
        config={"threads": THREADS, "memory_limit": MEMORY, "temp_directory": str(path.parent / ".spill")},
    ) as connection:
        connection.execute("set preserve_insertion_order = false")
        started = perf_counter()
        release = Release(connection)
        release.judge(release.rulebook(RULEBOOK))
        seconds = perf_counter() - started
        ((rows,),) = connection.execute("select count(*) from what_if").fetchall()
    return rows, seconds


def main() -> None:
    """Make the bank unless it is there, ask it, and tell what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=PROJECT / "var" / "bench")
    arguments = parser.parse_args()
    path = private_folder(arguments.folder) / f"what_if_{arguments.customers}.duckdb"
    if not path.exists():
        make_bank(path, arguments.customers)
    before = resource.getrusage(resource.RUSAGE_SELF)
    rows, seconds = ask(path)
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    Console().print(
        f"{arguments.customers:,} customers × {MONTHS} months: {rows:,} above ordinary; {seconds:.1f} s, "
        f"{cpu:.1f} s of CPU, peak {after.ru_maxrss / 2**20:.2f} GiB"
    )


if __name__ == "__main__":
    main()
