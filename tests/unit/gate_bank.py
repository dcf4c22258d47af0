"""A small bank in the lake, written row by row, for tests of the screening and the gates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from contract.model import Table, load_contract
from expectations.gate import fit_to_load
from expectations.results import GateResult
from orchestration.ingestion.lake import BatchReport, TableReport, schema_sql
from orchestration.screening.screen import screen_batch
from orchestration.settings import Bank, BatchId, Settings
from orchestration.sql import name
from orchestration.warehouse import open_database, prepare_night

Row = dict[str, Any]

DAY = date(2026, 1, 31)
DAY_BEFORE = date(2026, 1, 30)
BATCH = BatchId(DAY, 1)

_FILLER = {
    "date": date(2020, 1, 1), "timestamp": "2020-01-01 00:00:00", "money": "1.00", "rate": "1", "ratio": "1",
    "fx_rate": "1", "quantity": "1", "integer": "1", "boolean": False,
}  # fmt: skip


def row(table: str, /, **values: object) -> Row:
    """A row with something valid in every required column that is not given."""
    filled: Row = {}
    for column in load_contract().table(table).columns:
        if column.name in values or column.nullable:
            filled[column.name] = values.get(column.name)
        elif column.default is not None:
            filled[column.name] = column.default
        else:
            filled[column.name] = column.values[0] if column.values else _FILLER.get(column.type, "x")
    if load_contract().table(table).kind == "D":
        filled["op"] = values.get("op", "I")
    return filled


def _product(code: str, **values: object) -> Row:
    return row("product", **{"product_code": code, "is_in_aum": True, "day_count": "365", **values})


def _account(account_id: str, **values: object) -> Row:
    common = {"account_id": account_id, "org_id": "O2", "currency": "CNY", "status": "open"}
    return row("account", **{**common, **values})


def small_bank() -> dict[str, list[Row]]:
    """Three orgs, two customers with joint and single accounts, a loan, a position in dollars."""
    return {
        "org": [
            row("org", org_id="O1", org_level="head_office"),
            row("org", org_id="O2", org_level="outlet", parent_org_id="O1"),
        ],
        "employee": [row("employee", employee_id="E1", org_id="O2")],
        "product": [
            _product("DEP", asset_class="deposit"),
            _product("OVD", asset_class="deposit", allows_overdraft=True),
            _product("FUND", asset_class="wealth", aum_weight="0.5"),
            _product("LOAN", asset_class="loan", is_in_aum=False),
        ],
        "customer": [
            row("customer", customer_id="C1", home_org_id="O2", cert_type="ID", cert_no="N1"),
            row("customer", customer_id="C2", home_org_id="O2", cert_type="ID", cert_no="N2"),
        ],
        "account": [
            _account("A1", customer_id="C1", product_code="DEP"),
            _account("A2", customer_id="C2", product_code="OVD"),
            _account("A3", customer_id="C2", product_code="FUND", org_id="O1", currency="USD"),
        ],
        "account_owner": [
            row("account_owner", account_id="A1", customer_id="C1", ownership_share="0.6"),
            row("account_owner", account_id="A1", customer_id="C2", ownership_share="0.4"),
        ],
        "deposit_balance": [
            row("deposit_balance", account_id="A1", balance="1000.00"),
            row("deposit_balance", account_id="A2", balance="-50.00"),
        ],
        "investment_position": [
            row("investment_position", account_id="A3", product_code="FUND", market_value="100.00"),
        ],
        # the batch is of the 31st: the 30 days before it are told
        "monthly_balance_history": [
            row("monthly_balance_history", account_id=account, product_code=product,
                balance_month=date(2026, 1, 1), day_count=30)
            for account, product in (("A1", "DEP"), ("A2", "OVD"), ("A3", "FUND"))
        ],
        "loan": [
            row("loan", loan_id="L1", customer_id="C1", product_code="LOAN", org_id="O2", currency="CNY",
                manager_id="E1"),
        ],
        "loan_balance": [row("loan_balance", loan_id="L1", balance="300.00")],
        "card": [],
        "card_txn": [],
        "transaction": [],
        "assignment": [
            row("assignment", assignment_id="S1", customer_id="C1", employee_id="E1", org_id="O2",
                participation="1", valid_from=date(2025, 1, 1)),
        ],
        "sales_trade": [],
        "sales_registration": [],
        "sales_ratio_param": [],
        "ftp_rate": [],
        "fee_income": [],
        "fx_rate": [row("fx_rate", currency="USD", rate_date=DAY_BEFORE, mid_rate="7.100000")],
        "calendar": [row("calendar", calendar_date=DAY, is_business_day=True)],
        "ledger_control": [
            row("ledger_control", org_id="O2", asset_class="deposit", balance="950.00"),
            row("ledger_control", org_id="O1", asset_class="wealth", balance="710.00"),
            row("ledger_control", org_id="O2", asset_class="loan", balance="300.00"),
        ],
    }  # fmt: skip


@dataclass
class LakeNight:
    """One night's batch as the ingestion leaves it."""

    home: Path
    tables: dict[str, list[Row]] = field(default_factory=small_bank)
    batch: BatchId = BATCH
    bank: Bank = field(default_factory=Bank)
    previous: date | None = None
    refused: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    unknown_columns: dict[str, list[str]] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings(self.home, self.bank)

    def report(self) -> BatchReport:
        tables = {
            table: TableReport(
                load="full",
                delivered_rows=len(rows) + len({number for number, _ in self.refused.get(table, [])}),
                accepted_rows=len(rows),
                bytes_read=0,
            )
            for table, rows in self.tables.items()
        }
        return BatchReport(
            business_date=self.batch.business_date,
            sequence=self.batch.sequence,
            is_initial=self.previous is None,
            manifest_sha256="0" * 64,
            unknown_columns=self.unknown_columns,
            tables=tables,
        )

    def write(self) -> BatchReport:
        """Write lake and quarantine, and the views of the build database."""
        for table, rows in self.tables.items():
            folder = self.settings.lake / table / self.batch.folder
            folder.mkdir(parents=True, exist_ok=True)
            write_lake_rows(load_contract().table(table), rows, folder / "part-0001.parquet")
        for table, faults in self.refused.items():
            self._write_refused(table, faults)
        report = self.report()
        marker = self.settings.lake / "_batches" / self.batch.folder.parent / f"{self.batch.folder.name}.json"
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(report.model_dump_json())
        with open_database(self.settings) as connection:
            prepare_night(self.settings, connection, report, self.previous, [])
        return report

    def screen(self) -> dict[tuple[str, str], int]:
        with open_database(self.settings) as connection:
            return screen_batch(self.settings, self.batch, connection).refused

    def gate(
        self, report: BatchReport, before: BatchReport | None = None, *, is_screened: bool = False
    ) -> GateResult:
        """Gate 1, after a screening on the same connection if wanted, as a night runs it."""
        with open_database(self.settings) as connection:
            screening = screen_batch(self.settings, self.batch, connection) if is_screened else None
            return fit_to_load(connection, self.settings, self.batch, report, before, screening)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with open_database(self.settings) as connection:
            return connection.execute(statement).fetchall()

    def _write_refused(self, table: str, faults: Sequence[tuple[int, str]]) -> None:
        folder = self.settings.quarantine / self.batch.folder
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(
                "create table refused (table_name varchar, source_file varchar, source_row bigint, "
                "column_name varchar, value varchar, rule_code varchar, row_key varchar, record varchar)"
            )
            connection.executemany(
                "insert into refused values (?, ?, ?, 'balance', 'x', ?, 'k', '{}')",
                [(table, f"{table}-0001.csv", number, code) for number, code in faults],
            )
            connection.execute(f"copy refused to '{folder / table}.parquet' (format parquet)")


@cache
def _writer() -> duckdb.DuckDBPyConnection:
    """One connection for all files: a new one takes longer than a file."""
    return duckdb.connect()


def write_lake_rows(table: Table, rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    columns, connection = schema_sql(table), _writer()
    types = ", ".join(f"{name(column)} {data_type}" for column, data_type in columns)
    connection.execute(f"create or replace table part ({types})")
    marks = ", ".join("?" * len(columns))
    for number, content in enumerate(rows, start=1):
        lineage = {"source_file": f"{table.name}-0001.csv", "source_row": number}
        connection.execute(
            f"insert into part values ({marks})",
            [{**content, **lineage}[column] for column, _ in columns],
        )
    connection.execute(f"copy part to '{path}' (format parquet)")
