"""What dbt's models and seeds say of themselves in ``config.meta``, typed, and checked as dbt parses them.

Put here: the words that a model may use and what follows from them. Keep out: what a night does with a table
(``macros/carried/kinds.sql``), what a release makes of a mart (``releases/marts.py``).
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from contract.classes import Importance, Pfi
from orchestration.errors import BuildError

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*$")]
Node = Mapping[str, Any]

_KINDS_MACRO = "carried_kinds"
_EXTRACTS = "core_banking"
_NOT_HONOURED = ("unique_key", "grants", "event_time", "batch_size", "begin", "full_refresh")
_COLUMNS_OF_KIND = {
    "versions": ("known_from_date", "known_to_date"),
    "business_date": ("business_date",),
    "state": ("business_date", "month_start_date"),
    "open_month": ("month_start_date",),
    "month_start": ("month_start_date",),
    "month_state": ("month_start_date",),
    "month_end": ("month_end_date",),
    "current": ("knowledge_date",),
}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ColumnMeta(_Strict):
    """What a column says of itself.

    Attributes:
        zh: Chinese name; of every published column.
        privacy: ``mask`` or ``hash`` where the column holds private values that its name does not tell.
        pfi: Class of personal financial information (``contract/classes.py``), where its name does not tell.
        coined: Beginning, before customer and product, of values that the warehouse made up: they stay.
        gone_from: Date from which a deprecated column may be gone.
        currency: ``own`` of amounts in the currency of their trade or account, not the reporting currency.
        source_column: Name of a staged column in the extract contract, where it is another.
    """

    zh: str = ""
    privacy: Literal["mask", "hash"] | None = None
    pfi: Pfi | None = None
    coined: str | None = None
    gone_from: date | None = None
    currency: Literal["own"] | None = None
    source_column: Identifier | None = None


class ModelMeta(_Strict):
    """What a model or seed says of itself.

    Attributes:
        published: Whether releases hold it; unless it says so, a mart is published and a seed is not.
        owner: Who answers for it; of every mart.
        zh: Chinese name; of everything published.
        grain: Columns that identify a row; gate 2 holds them to be unique, and releases sort by them.
        partition: Column by which a release replaces or adds rows.
        changed_on: Column with the night that last wrote a row, where any night may write rows of any month.
        entered_on: Column with the day of an entry, in a record that releases keep and a replay has whole.
        carried: How an incremental model takes a night's rows; kinds are in ``macros/carried/kinds.sql``.
        begins: ``any_night`` where a new table may begin on a warehouse that stands, without earlier months.
        month_by_month: Whether the first night fills it some months at a time.
        cut: ``whole`` where everybody may see a table that names neither customers nor orgs; ``employee``
            where a manager sees the rows that name him, whoever looks after the customer.
        importance: What the regulator's catalogue calls its data, where that is more than general.
    """

    published: bool | None = None
    owner: str = ""
    zh: str = ""
    grain: tuple[Identifier, ...] = ()
    partition: Literal["month_start_date", "calendar_date", "knowledge_date"] | None = None
    changed_on: Identifier | None = None
    entered_on: Identifier | None = None
    carried: Identifier | None = None
    begins: Literal["first_night", "any_night"] = "first_night"
    month_by_month: bool = False
    cut: Literal["whole", "employee"] | None = None
    importance: Importance = "general"


def model_meta(node: Node) -> ModelMeta:
    """The typed metadata of a model or seed.

    Raises:
        ValidationError: It says something that nobody reads.
    """
    return ModelMeta.model_validate(_raw(node))


def column_meta(column: Node) -> ColumnMeta:
    """The typed metadata of a column.

    Raises:
        ValidationError: It says something that nobody reads.
    """
    return ColumnMeta.model_validate(_raw(column))


def models(manifest: Mapping[str, Any]) -> list[Node]:
    """The models of the project, in the order of the manifest."""
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def is_mart(node: Node) -> bool:
    """Whether the model lies in ``models/marts``."""
    return PurePosixPath(node["original_file_path"]).parts[:2] == ("models", "marts")


def is_published(node: Node) -> bool:
    """Whether releases hold it: marts unless they say ``published: false``, seeds if they say ``true``."""
    said = _raw(node).get("published")
    if node["resource_type"] == "seed":
        return said is True
    return node["resource_type"] == "model" and is_mart(node) and said is not False


def check_project(manifest: Mapping[str, Any]) -> None:
    """Refuse a project in which a model promises too little, or something that nothing here keeps.

    Raises:
        BuildError: One line per fault, with the file and what to write.
    """
    kinds = carried_kinds(manifest)
    faults = [
        f"{node['original_file_path']}: {fault}"
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
        for fault in _faults(node, kinds)
    ]
    if faults:
        raise BuildError("The project cannot be built:\n" + "\n".join(sorted(faults)))


def extract_tables(manifest: Mapping[str, Any]) -> dict[tuple[str, str], frozenset[str]]:
    """The extract tables that each mart is made of, by schema and name of the mart."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    of_node: dict[str, frozenset[str]] = {}

    def made_of(key: str) -> frozenset[str]:
        if key not in of_node:
            node = nodes.get(key, {})
            if key.startswith("source.") and node["source_name"] == _EXTRACTS:
                of_node[key] = frozenset([node["name"]])
            else:
                parents = node.get("depends_on", {}).get("nodes", [])
                of_node[key] = frozenset().union(*map(made_of, parents))
        return of_node[key]

    return {
        (node["schema"], node.get("alias") or node["name"]): made_of(node["unique_id"])
        for node in models(manifest)
        if is_mart(node)
    }


def carried_kinds(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Kinds of carried tables, as the macro lists them that knows what to do with each."""
    key = f"macro.{manifest['metadata']['project_name']}.{_KINDS_MACRO}"
    return tuple(re.findall(r"'([a-z_]+)'", manifest["macros"][key]["macro_sql"]))


def _raw(node: Node) -> dict[str, Any]:
    # dbt 1.10 moved meta under config and still fills the old place for some resources
    return (node.get("config") or {}).get("meta") or node.get("meta") or {}


def _faults(node: Node, kinds: tuple[str, ...]) -> Iterator[str]:
    for where, read, raw in (
        ("meta", model_meta, node),
        *((f"meta of column {name}", column_meta, column) for name, column in node["columns"].items()),
    ):
        try:
            read(raw)
        except ValidationError as error:
            for fault in error.errors():
                place = ".".join(map(str, fault["loc"]))
                yield f"{where}: {place}: {fault['msg']}. What may stand there is in orchestration/project.py"
            return
    meta = model_meta(node)
    if node["resource_type"] == "model":
        yield from _faults_of_config(node["config"], meta, kinds)
        if is_mart(node):
            yield from _faults_of_mart(node, meta)
    yield from _faults_of_columns(node, meta)


def _faults_of_config(config: Mapping[str, Any], meta: ModelMeta, kinds: tuple[str, ...]) -> Iterator[str]:
    if config["materialized"] != "incremental":
        if meta.carried:
            yield "only an incremental model is carried. Take 'carried' out of its meta"
        return
    if meta.carried not in kinds:
        given = f"'{meta.carried}' is no kind" if meta.carried else "an incremental model says its kind"
        yield f"{given}. Add 'carried' to its meta, one of {', '.join(kinds)} (macros/carried/kinds.sql)"
    if config.get("incremental_strategy") != "nightly":
        yield "only the strategy nightly is honoured. Take incremental_strategy out of the model"
    if config.get("on_schema_change") != "fail":
        yield "only on_schema_change: fail is honoured. Take it out of the model"
    for option in _NOT_HONOURED:
        if config.get(option):
            yield f"the strategy nightly does not honour {option}. Take it out; keys are the grain"
    if meta.carried in ("versions", "current") and not meta.grain:
        yield f"a table of kind {meta.carried} replaces rows by their key. Add 'grain' to its meta"
    if meta.begins == "any_night" and meta.carried != "open_month":
        yield "only a table of open months may begin on any night. Take 'begins' out"


def _faults_of_mart(node: Node, meta: ModelMeta) -> Iterator[str]:
    wanted: dict[str, object] = {"grain": meta.grain, "owner": meta.owner, "zh": meta.zh}
    if node["config"]["materialized"] == "incremental":
        wanted["partition"] = meta.partition
    for field, given in wanted.items():
        if not given:
            yield f"a mart says its {field}. Add '{field}' to its meta"
    if node["config"]["materialized"] == "view":
        yield "a mart is a table. Take materialized='view' out"
    if meta.carried == "open_month" and meta.partition not in (None, "month_start_date"):
        yield f"rows of open months are published by month_start_date, not by {meta.partition}"
    if meta.begins == "any_night" and re.search(r"{{-?\s*this\b", node["raw_code"]):
        yield "a model that reads its own earlier rows cannot begin on any night. Take 'begins' out"
    if not node["columns"]:
        yield "a mart lists its columns. Add them to its YAML"


def _faults_of_columns(node: Node, meta: ModelMeta) -> Iterator[str]:
    """Columns that the metadata names, or its kind needs, and the YAML does not have."""
    if not node["columns"] or (node["resource_type"] == "model" and not is_mart(node)):
        return
    needed = _COLUMNS_OF_KIND.get(meta.carried or "", ())
    named = (*meta.grain, *filter(None, (meta.partition, meta.changed_on, meta.entered_on)), *needed)
    for column in sorted(set(named) - set(node["columns"])):
        yield f"there is no column {column}, which its grain, partition or kind needs"
