"""The published tables that dbt does not build: gate results, and what the release itself rests on."""

import json
from pathlib import Path

import duckdb

from orchestration.check_rules import remedy_for, without_names
from orchestration.errors import Fault, PublicationError
from orchestration.releases.marts import Mart, MartColumn
from orchestration.settings import BatchId
from orchestration.sql import fill, join, name

GATE_RESULTS_FILE = "gate_results.json"


def _column(name: str, data_type: str, zh: str, description: str) -> MartColumn:
    return MartColumn(name=name, data_type=data_type, zh=zh, description=description)


_BUSINESS_DATE = _column("business_date", "date", "业务日期", "Business date of the batch.")
_SEQUENCE = _column(
    "sequence", "integer", "序号", "Sequence of the batch; a re-sent one has a higher number."
)

CHECK_RESULT = Mart(
    schema_name="quality",
    name="fct_check_result",
    grain=(
        *("business_date", "sequence", "gate_code", "table_name", "column_name", "check_code"),
        *("expectation_type", "observed", "message"),
    ),
    description="One row per business date and expectation: what both gates found.",
    zh="检查结果",
    columns=(
        _BUSINESS_DATE,
        _SEQUENCE,
        _column("gate_code", "varchar", "关卡", "fit_to_load or fit_to_publish."),
        _column("table_name", "varchar", "表", "Table checked."),
        _column("column_name", "varchar", "字段", "Column checked, where the check is of one."),
        _column("check_code", "varchar", "检查代码", "Rule checked."),
        _column("expectation_type", "varchar", "期望类型", "Kind of expectation."),
        _column("severity_code", "varchar", "严重程度", "block, quarantine or warn."),
        _column("is_passed", "boolean", "是否通过", "The rule holds, within its limit."),
        _column("checked_cnt", "bigint", "检查笔数", "Rows checked."),
        _column("failing_cnt", "bigint", "不符笔数", "Rows that violate the rule."),
        _column("limit_share", "decimal(9, 6)", "容许比例", "Share of rows that may violate the rule."),
        _column("observed", "varchar", "观察值", "What was found; never a private value."),
        _column("message", "varchar", "说明", "What it means and what to do."),
    ),
)

RESTATEMENT = Mart(
    schema_name="quality",
    name="fct_restatement",
    grain=("month_start_date", "caused_by_business_date", "caused_by_sequence"),
    description="One row per closed month that changed and the batch that explains it.",
    zh="历史月份重述",
    columns=(
        _column("month_start_date", "date", "月份", "First day of the month that changed."),
        _column("customers_changed", "bigint", "变动客户数", "Customers whose figures changed."),
        _column(
            "aum_change_amt", "decimal(18, 2)", "月日均资产变动", "Change of all monthly averages together."
        ),
        _column(
            "caused_by_business_date", "date", "原因批次日期", "Business date of the batch that explains it."
        ),
        _column("caused_by_sequence", "integer", "原因批次序号", "Sequence of that batch."),
        _column("explanation", "varchar", "说明", "Why the month changed."),
    ),
)

GATE_MARTS = (CHECK_RESULT, RESTATEMENT)
"""Written into the build database by the gates."""

DATA_AS_OF = Mart(
    schema_name="quality",
    name="data_as_of",
    grain=("business_date",),
    cut="whole",
    description="One row: the business date this release shows, and under which rulebook and currency.",
    zh="数据截止",
    columns=(
        _BUSINESS_DATE,
        _SEQUENCE,
        _column("rulebook_code", "varchar", "规则手册", "Rulebook of the published tiers."),
        _column("reporting_currency", "varchar", "报告币种", "Currency of every _amt column."),
        _column("release", "varchar", "发布", "Name of this release."),
    ),
)
"""Only in the database: the name of a release stays out of its Parquet files."""

RELEASE_BATCH = Mart(
    schema_name="quality",
    name="release_batch",
    grain=("business_date", "sequence"),
    cut="whole",
    description="One row per batch that this release rests on.",
    zh="发布批次",
    columns=(_BUSINESS_DATE, _SEQUENCE),
)
"""Only in the database, beside ``data_as_of``."""


def gates_passed(folder: Path) -> tuple[int, tuple[str, ...]]:
    """How many checks a release's gates have made, and a line on each that somebody should look at."""
    results = json.loads((folder / GATE_RESULTS_FILE).read_text(encoding="utf-8"))
    told = [
        row
        for row in results
        if not row["is_passed"] or (row["severity_code"] == "quarantine" and row["failing_cnt"])
    ]
    faults = (
        Fault(
            row["check_code"],
            without_names(row["message"]),
            remedy_for(row["check_code"], row["table_name"] or "*"),
            table=row["table_name"] or None,
            column=row["column_name"],
        )
        for row in told
    )
    return len(results), tuple(map(str, faults))


def write_gate_results(connection: duckdb.DuckDBPyConnection, folder: Path, batch: BatchId) -> None:
    """Write the batch's gate results into a release, as JSON.

    Raises:
        PublicationError: The batch has no results, or one of them blocks.
    """
    query = fill(
        "select {columns} from {table} where business_date = ? and sequence = ? order by {grain}",
        columns=join(", ", map(name, CHECK_RESULT.column_names)),
        table=name("build", CHECK_RESULT.schema_name, CHECK_RESULT.name),
        grain=join(", ", map(name, CHECK_RESULT.grain)),
    )
    rows = connection.execute(query, [batch.business_date, batch.sequence]).fetchall()
    results = [dict(zip(CHECK_RESULT.column_names, row, strict=True)) for row in rows]
    for row in results:
        row["message"] = without_names(row["message"])
    blocking = sorted(
        {row["check_code"] for row in results if row["severity_code"] != "warn" and not row["is_passed"]}
    )
    if blocking or not results:
        why = f"gates block it ({', '.join(blocking)})" if blocking else "no gate has checked it"
        raise PublicationError(f"Batch {batch} is not published: {why}. Run the batch again.")
    text = json.dumps(results, ensure_ascii=False, indent=1, default=str)
    (folder / GATE_RESULTS_FILE).write_text(text + "\n", encoding="utf-8")
