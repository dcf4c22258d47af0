"""Reference pages of all that a release holds: every table, column and code, from the models alone.

What a metric means, its unit and its tests are in the dictionary (``dictionary.py``).
"""

import csv
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from orchestration.code_names import CODES_FILE
from orchestration.publication.quality import DATA_AS_OF, GATE_MARTS, RELEASE_BATCH
from orchestration.publication.reporting import kind_of
from orchestration.releases.marts import Mart, MartColumn, marts_from_manifest
from orchestration.settings import PROJECT

REFERENCE_FOLDER = PROJECT / "docs" / "reference"

_WRITTEN = (
    "Written by `make written` from the models; a text is changed in a table's YAML in `models/marts/`.\n"
)


def reference_pages(manifest: Mapping[str, Any], codes: Path = CODES_FILE) -> dict[str, str]:
    """The pages by file name: one per schema, one of all codes, and the index of tables."""
    kinds = _codes(codes)
    marts = sorted(
        (*marts_from_manifest(manifest), *GATE_MARTS, DATA_AS_OF, RELEASE_BATCH),
        key=lambda mart: mart.full_name,
    )
    schemas = sorted({mart.schema_name for mart in marts})
    by_schema = {schema: [mart for mart in marts if mart.schema_name == schema] for schema in schemas}
    pages = {f"{schema}.md": _schema_page(schema, by_schema[schema], kinds) for schema in schemas}
    return pages | {"codes.md": _codes_page(kinds), "README.md": _index(by_schema)}


def write_pages(pages: Mapping[str, str], folder: Path = REFERENCE_FOLDER) -> None:
    """Write the files of a generated folder, and delete those of their kind that are no more of it."""
    folder.mkdir(exist_ok=True)
    for ending in {Path(name).suffix for name in pages}:
        for old in folder.glob(f"*{ending}"):
            if old.name not in pages:
                old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")


def _index(by_schema: Mapping[str, list[Mart]]) -> str:
    lines = [
        "# Tables of a release 数据表\n\n",
        f"{_WRITTEN}All codes and their names: [codes.md](codes.md).\n",
        "Each table has the same name as a folder of Parquet files, and a view in `reporting_zh`.\n\n",
        "| table | 中文 | one row is |\n|---|---|---|\n",
    ]
    for schema, marts in by_schema.items():
        for mart in marts:
            link = f"[`{mart.full_name}`]({schema}.md#{mart.name})"
            lines.append(f"| {link} | {mart.zh} | {', '.join(mart.grain)} |\n")
    return "".join(lines)


def _schema_page(schema: str, marts: Iterable[Mart], kinds: Collection[str]) -> str:
    parts = [f"# Schema {schema}\n\n{_WRITTEN}"]
    for mart in marts:
        parts += [
            f'\n<a id="{mart.name}"></a>\n\n## {mart.name} {mart.zh}\n\n',
            f"{_line(mart.description)}\n\n",
            f"Key: {', '.join(f'`{column}`' for column in mart.grain)}.",
            f" A file per `{mart.partition}`.\n\n" if mart.partition else "\n\n",
            "| column | 中文 | type | meaning | codes |\n|---|---|---|---|---|\n",
            *(_row(column, kinds) for column in mart.columns),
        ]
    return "".join(parts)


def _row(column: MartColumn, kinds: Collection[str]) -> str:
    kind = kind_of(column.name, kinds) if column.name.endswith("_code") else None
    codes = f"[{kind}](codes.md#{kind})" if kind else ""
    meaning = _line(column.description)
    if column.gone_from:
        meaning = f"Deprecated, may be gone from {column.gone_from}. {meaning}"
    if column.privacy:
        meaning += {"mask": " Masked.", "hash": " A keyed hash."}[column.privacy]
    data_type = (column.data_type or "varchar").replace(" ", "").lower()
    return f"| `{column.name}` | {column.zh} | {data_type} | {meaning} | {codes} |\n"


def _codes_page(kinds: Mapping[str, list[dict[str, str]]]) -> str:
    parts = [
        "# Codes 代码\n\n",
        "Written by `make written` from `seeds/reference/dim_code.csv`, in a release `reference.dim_code`.\n",
        "A kind is the name, or the end of the names, of the columns that hold it.\n",
    ]
    for kind, rows in kinds.items():
        parts += [
            f'\n<a id="{kind}"></a>\n\n## {kind}\n\n| code | name | 名称 |\n|---|---|---|\n',
            *(f"| `{row['code']}` | {row['code_name']} | {row['code_name_zh']} |\n" for row in rows),
        ]
    return "".join(parts)


def _codes(path: Path) -> dict[str, list[dict[str, str]]]:
    kinds: dict[str, list[dict[str, str]]] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            kinds.setdefault(row["code_kind"], []).append(row)
    return kinds


def _line(text: str) -> str:
    return " ".join(text.split()).replace("|", "/")
