"""What dbt is told of the staging models, from their SQL and the contract: nobody describes a column twice.

A staging model renames, so its text tells which column of the extract each of its columns is, and the
contract what that column means.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from contract.model import Contract, Table

_SOURCE = re.compile(r"source\('core_banking', '(\w+)'\)")
_RENAMED = re.compile(r"^renamed as \(\s*select(.*?)^\s*from source", re.M | re.S)
_LINE = re.compile(r"(?P<column>\w+)|(?P<expression>.+) as (?P<alias>\w+)")
_LOCAL = "bank_local("
_OWN = {
    "op_code": "I added, U changed or D deleted (变更标志)",
    "source_file": "File of the batch that held the row (来源文件)",
    "source_row": "Number of the record in that file (来源行号)",
}


def staged_models(contract: Contract, folder: Path) -> list[dict[str, object]]:
    """The models of a folder as dbt's YAML describes them, by name.

    Raises:
        ValueError: A model does more than rename, so that nothing can be derived; the message names the line.
    """
    return [_model(contract, path) for path in sorted(folder.glob("stg_*.sql"))]


def _model(contract: Contract, path: Path) -> dict[str, object]:
    text = path.read_text(encoding="utf-8")
    source, renamed = _SOURCE.search(text), _RENAMED.search(text)
    if source is None or renamed is None:
        raise ValueError(
            f"{path.name}: a staging model has one extract table and one CTE `renamed`, which reads `source`"
        )
    table = contract.table(source[1])
    return {
        "name": path.stem,
        "description": f"{_first_comment(text)} ({table.zh})",
        "columns": [_column(table, *column) for column in _columns(path.name, table, renamed[1])],
    }


def _first_comment(text: str) -> str:
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())
    return " ".join(lines)


def _columns(file: str, table: Table, body: str) -> Iterator[tuple[str, str]]:
    """Name and expression of every column that is selected."""
    for line in body.splitlines():
        said = line.partition("--")[0].strip().removesuffix(",")
        if not said:
            continue
        found = _LINE.fullmatch(said)
        named = (found["column"] or found["alias"], found["column"] or found["expression"]) if found else None
        if named is None or (_source_column(table, named[1]) is None and named[0] not in _OWN):
            raise ValueError(
                f"{file}: {said!r} does not say which column of {table.name} it is; one line each"
            )
        yield named


def _source_column(table: Table, expression: str) -> str | None:
    words = re.findall(r"\w+", expression)
    return next((word for word in words if word in table.column_names), None)


def _column(table: Table, name: str, expression: str) -> dict[str, object]:
    source = _source_column(table, expression)
    if source is None:
        return {"name": name, "description": _OWN[name]}
    told = table.column(source)
    zone = ""
    if told.type == "timestamp":
        zone = ", in bank-local time" if _LOCAL in expression else ", in UTC"
    described: dict[str, object] = {"name": name, "description": f"{told.about}{zone} ({told.zh})"}
    if source != name:
        described["config"] = {"meta": {"source_column": source}}
    return described
