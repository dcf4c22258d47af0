"""What is written from the contract: dbt's sources and staging models, and the contract's documentation page.

Both files are kept in the project, so that they can be read and reviewed; a test fails when they are
out of date. ``acrm contract --write`` writes them anew.
"""

from pathlib import Path

import yaml

from contract.classes import PFI_MEANINGS, PFI_SOURCE
from contract.model import OP_COLUMN, Column, Contract, Table, load_contract
from contract.staging import staged_models

PROJECT = Path(__file__).parents[1]
STAGING_FILE = PROJECT / "models" / "staging" / "core_banking" / "_core_banking.yml"
PAGE_FILE = PROJECT / "docs" / "extract-contract.md"

_HEAD = "# Written from contract/extracts.yml and the SQL here by `acrm contract --write`; change it there.\n"
_NO_DAY = "0001-01-01, 1900-01-01, 2099-12-31 and days from 2999 on"
_OPEN_DATES = {
    "empty": f"{_NO_DAY} are kept as empty",
    "end": f"{_NO_DAY} mean no end and are kept as 9999-12-31",
    "start": "0001-01-01 and 1900-01-01 mean since ever and are kept as 1900-01-01",
}
_KINDS = {"F": "full daily", "D": "delta daily, full on the first batch", "E": "events appended"}
_LINEAGE = (
    ("source_file", "VARCHAR", "File of the batch that held the row (来源文件)"),
    ("source_row", "BIGINT", "Number of the record in that file (来源行号)"),
)


def staging_yaml() -> str:
    """YAML of dbt's source ``core_banking``, tonight's rows of every extract table, and of its models."""
    contract = load_contract()
    source = {
        "name": "core_banking",
        "schema": "lake",
        "description": "Tonight's batch as views over the lake: typed rows that no rule refused.",
        "tables": [_source_table(contract, table) for table in contract.tables],
    }
    told = {"version": 2, "sources": [source], "models": staged_models(contract, STAGING_FILE.parent)}
    return _HEAD + yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=110)


def _source_table(contract: Contract, table: Table) -> dict[str, object]:
    columns = [
        {
            "name": column.name,
            "description": f"{column.about} ({column.zh})",
            "data_type": contract.lake_type(column),
        }
        for column in table.columns
    ]
    if table.kind == "D":
        columns.append(
            {"name": OP_COLUMN, "description": "I added, U changed, D deleted", "data_type": "VARCHAR"}
        )
    columns += [
        {"name": name, "description": about, "data_type": data_type} for name, data_type, about in _LINEAGE
    ]
    return {"name": table.name, "description": f"{table.about} ({table.zh})", "columns": columns}


_IN_THE_PROJECT = (
    "Written from `contract/extracts.yml` by `acrm contract --write`; change it there.",
    "How a batch is delivered is in [extracts.md](extracts.md). Check a delivery without loading it:",
    "`acrm validate FOLDER`.",
)
_BESIDE_TEMPLATES = (
    "What the columns of the files beside this page mean. A file `TABLE.csv` with this header and rows, in",
    "the folder of a batch, is that table; a bank's own names are said in `mapping.yml`. Five tables do:",
    "`org`, `product`, `customer`, `account`, `deposit_balance`. Then: `acrm manifest FOLDER`,",
    "`acrm validate FOLDER`, `acrm run`.",
)


def contract_page(*, is_beside_templates: bool = False) -> str:
    """Markdown page of the contract, for the people who write the extracts.

    Args:
        is_beside_templates: Whether it is read in a bank's folder, where the project's documents are not.
    """
    contract = load_contract()
    lines = [
        "# The extract contract",
        "",
        *(_BESIDE_TEMPLATES if is_beside_templates else _IN_THE_PROJECT),
        "",
        "## Types",
        "",
        "| type | stored as | meaning |",
        "|---|---|---|",
        *(f"| {name} | `{spec.lake}` | {spec.about} |" for name, spec in contract.types.items()),
        "",
        "## Classes",
        "",
        "Class of personal financial information (个人金融信息) of each column.",
        PFI_SOURCE,
        "Classes C2 and C3 are sensitive data (敏感数据, 银行保险机构数据安全管理办法, article 18); where",
        "the bank notes a table as important or core (重要, 核心), its columns say so.",
        "",
        "| class | meaning |",
        "|---|---|",
        *(f"| {pfi} | {meaning} |" for pfi, meaning in PFI_MEANINGS.items()),
        "",
    ]
    for table in contract.tables:
        lines += _page_of_table(table)
    return "\n".join(lines).rstrip() + "\n"


def _page_of_table(table: Table) -> list[str]:
    notes = [_KINDS[table.kind]]
    if table.required:
        notes.append("in every batch")
    if table.begins == "any_batch":
        notes.append("in every batch once it has begun")
    if table.needs:
        notes.append(f"with {', '.join(table.needs)}")
    if table.optional:
        notes.append("optional")
    if table.initial_only:
        notes.append("initial load only")
    if table.history is not None:
        notes.append(f"no month that was over before {table.history.of}.{table.history.since}")
    return [
        f"## {table.name} {table.zh}",
        "",
        f"{table.about} ({', '.join(notes)}; key: {', '.join(table.key)})",
        "",
        "| column | 中文 | type | class | empty | rules | meaning |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {'**' + column.name + '**' if column.key else column.name} | {column.zh} | {column.type} "
            f"| {_class(table, column)} | {_empty(column)} | {_rules(column)} | {column.about} |"
            for column in table.columns
        ),
        "",
    ]


def _class(table: Table, column: Column) -> str:
    level = table.level(column)
    return column.pfi if level in ("general", "sensitive") else f"{column.pfi}, {level}"


def _empty(column: Column) -> str:
    if column.default is not None:
        return f"means {column.default}"
    if column.optional:
        return "null; the file may lack it"
    return "null" if column.nullable else "refused"


def _rules(column: Column) -> str:
    rules = []
    if column.values:
        rules.append("one of " + ", ".join(column.values))
    if column.references:
        rules.append(f"known in {column.references}")
    if column.past:
        rules.append("not after the business date")
    if column.minimum is not None:
        rules.append(f"at least {column.minimum}")
    if column.month:
        rules.append(
            {"first_day": "first of a month", "any_day": "any day of the month, kept as its first"}[
                column.month
            ]
        )
    if column.month_days:
        rules.append(f"{column.month_days} is at most its days before the business date")
    if column.open_dates:
        rules.append(_OPEN_DATES[column.open_dates])
    if column.type not in ("id", "code") and column.is_trimmed:
        rules.append("blanks at the end are cut off")
    if column.group:
        rules.append(f"adds to 1 per {', '.join(column.group)}")
    if column.tells_versions:
        rules.append("rows of the same key may differ here")
    if column.overdraft_of:
        rules.append("negative only where the product allows overdraft")
    return "; ".join(rules)


def write_files() -> list[Path]:
    """Write both files; returns those whose content changed."""
    changed = []
    for path, text in ((STAGING_FILE, staging_yaml()), (PAGE_FILE, contract_page())):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed
