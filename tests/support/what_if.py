"""A published database in memory with what a what-if reads: few columns, rules from the seeds, the macros."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import yaml

from orchestration.what_if.release import Release
from orchestration.what_if.rulebook import Rulebook
from tests.reference.any_rulebook import Judged, in_force
from tests.reference.tiers import Month
from tests.support.macros import create_what_if_macros

RULES = Path(__file__).parents[2] / "seeds" / "rules"
SEEDS = ("tier_rulebooks", "tier_rules", "tier_factor_rules", "tier_status_rules")
BASES = {
    "month_avg": "aum_month_avg_amt",
    "month_avg_30": "aum_month_avg_30_amt",
    "month_end": "aum_end_amt",
    "avg_6m": "aum_avg_6m_amt",
    "avg_12m": "aum_avg_12m_amt",
}


@dataclass(frozen=True)
class MemoryRelease:
    """The connection, to be filled with customers and asked."""

    connection: duckdb.DuckDBPyConnection

    def holds(self, customers: Mapping[str, Mapping[date, Month]], rulebook: Rulebook) -> None:
        """Replace all customers. The AUM stands where each month's rulebook looks for it, 999 elsewhere."""
        aum: list[tuple[object, ...]] = []
        tiers: list[tuple[object, ...]] = []
        for customer, months in customers.items():
            for month, given in months.items():
                basis = BASES[in_force(rulebook, month).aum_basis]
                amounts = (given.aum if column == basis else 999 for column in BASES.values())
                aum.append((customer, month, *amounts))
                factors = given.card_spend, given.mortgage, given.credit_loan, given.has_diamond
                tiers.append((customer, month, *factors, "01", "ordinary", 0, "normal", False))
        self.connection.execute("truncate customer_value.fct_customer_aum_monthly")
        self.connection.execute("truncate customer_value.fct_customer_tier_monthly")
        self._insert("fct_customer_aum_monthly", aum)
        self._insert("fct_customer_tier_monthly", tiers)

    def _insert(self, table: str, rows: list[tuple[object, ...]]) -> None:
        places = ", ".join("unnest(?)" for _ in rows[0])
        columns = [list(column) for column in zip(*rows, strict=True)]
        self.connection.execute(f"insert into customer_value.{table} select {places}", columns)

    def judged(self, rulebook: Rulebook) -> dict[tuple[str, date], Judged]:
        """Every customer-month under a rulebook, by the published macro."""
        Release(self.connection).judge(rulebook)
        tables = "rulebooks", "tiers", "factors", "statuses"
        given = ", ".join(f"{table} := 'what_if_{table}'" for table in tables)
        rows = self.connection.execute(
            "select customer_id, month_start_date, tier_code, status_code, deciding_factor_code,"
            f" below_months, lost_tier_code from customer_value.what_if_tiers(?, {given})",
            [rulebook.code],
        ).fetchall()
        return {(customer, month): Judged(*judged) for customer, month, *judged in rows}


def memory_release() -> MemoryRelease:
    """An empty bank with the project's own rulebooks."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute("create schema customer_value; create schema rules")
    amounts = ", ".join(f"{column} decimal(18, 2)" for column in BASES.values())
    connection.execute(
        "create table customer_value.fct_customer_aum_monthly"
        f" (customer_id varchar, month_start_date date, {amounts})"
    )
    connection.execute(
        "create table customer_value.fct_customer_tier_monthly (customer_id varchar, month_start_date date,"
        " card_spend_12m_amt decimal(18, 2), mortgage_balance_amt decimal(18, 2),"
        " credit_loan_balance_amt decimal(18, 2), has_diamond_card boolean, owning_org_id varchar,"
        " tier_code varchar, tier_rank integer, status_code varchar, is_provisional boolean)"
    )
    described = yaml.safe_load((RULES / "_rules.yml").read_text(encoding="utf-8"))["seeds"]
    types = {seed["name"]: seed["config"]["column_types"] for seed in described}
    for seed in SEEDS:
        columns = ", ".join(f"{column} {data_type}" for column, data_type in types[seed].items())
        connection.execute(f"create table rules.{seed} ({columns})")
        connection.execute(f"copy rules.{seed} from '{RULES / seed}.csv' (header)")
    create_what_if_macros(connection)
    return MemoryRelease(connection)
