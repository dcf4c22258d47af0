"""What dbt reports of the nodes that it built and tested, and what of it an operator has to know.

Put here: reading dbt's events. Keep out: starting dbt (``transform.py``) and Dagster's events.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from orchestration.settings import Settings

OnNode = Callable[["NodeResult"], None]
"""Called with each node as dbt finishes it."""

_MOST_NAMED = 10
_MEMORY = re.compile(r"Out of Memory Error|OutOfMemory|failed to allocate", re.IGNORECASE)
_DISK = re.compile(
    r"No space left on device|Disk quota exceeded|Read-only file system|max_temp_directory_size|IO Error",
    re.IGNORECASE,
)
_REBUILD = "run acrm rebuild"


@dataclass(frozen=True)
class NodeResult:
    """A model, seed or test that dbt has finished.

    Attributes:
        status: dbt's word for it: success, pass, warn, fail, error, skipped.
        failures: Rows that are against a test.
    """

    unique_id: str
    name: str
    status: str
    message: str = ""
    failures: int = 0
    seconds: float = 0.0

    @property
    def has_failed(self) -> bool:
        """Whether it stops the night."""
        return self.status in ("error", "fail")


class BuildLog:
    """What dbt tells of its builds, by line: time, level, message; statements are left out.

    dbt's own log formats every event before it looks at its level: a tenth of what it does around models.
    """

    def __init__(self, path: Path) -> None:
        self._file = RotatingFileHandler(path, maxBytes=10 << 20, backupCount=5, encoding="utf-8", delay=True)

    def note(self, event: Any) -> None:  # noqa: ANN401 - dbt's events have no common type
        """Write an event, if operators may want to read it."""
        level = event.info.level
        if level in ("info", "warn", "error"):
            time = event.info.ts.ToDatetime().isoformat(sep=" ", timespec="milliseconds")
            self._file.emit(logging.makeLogRecord({"msg": f"{time} [{level:<5}] {event.info.msg}"}))

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        self._file.close()


def finished_node(event: Any) -> NodeResult | None:  # noqa: ANN401 - dbt's events have no common type
    """The node that an event of dbt's reports as finished; None for every other event."""
    if event.info.name != "NodeFinished":
        return None
    node, result = event.data.node_info, event.data.run_result
    return NodeResult(
        node.unique_id,
        node.node_name,
        node.node_status,
        result.message,
        result.num_failures,
        result.execution_time,
    )


def failure_lines(
    nodes: Iterable[NodeResult], manifest: Mapping[str, Any], settings: Settings
) -> Iterator[str]:
    """A line for each node that failed, then a line for each kind of cause with what helps against it."""
    failed = [node for node in nodes if node.has_failed]
    for node in failed[:_MOST_NAMED]:
        yield (
            _test_line(node, manifest["nodes"][node.unique_id])
            if node.status == "fail"
            else _error_line(node)
        )
    if len(failed) > _MOST_NAMED:
        yield f"… and {len(failed) - _MOST_NAMED} more."
    yield from dict.fromkeys(_remedy(node, settings) for node in failed)


def _test_line(result: NodeResult, test: Mapping[str, Any]) -> str:
    """Table, key and count of a test whose rows should not be; never what is in them."""
    metadata = test.get("test_metadata") or {}
    given = metadata.get("kwargs", {})
    given = {**given, **(given.get("arguments") or {})}
    columns = [given["column_name"]] if given.get("column_name") else given.get("columns") or []
    key = f" ({', '.join(columns)})" if columns else ""
    tables = [test["attached_node"]] if test.get("attached_node") else test["depends_on"]["nodes"]
    places = ", ".join(table.split(".")[-1] for table in tables)
    rows = "1 row is" if result.failures == 1 else f"{result.failures:,} rows are"
    return f"{places} · {metadata.get('name', test['name'])}{key}: {rows} against the test {test['name']}."


def _error_line(result: NodeResult) -> str:
    """Dbt's message without the statement that DuckDB repeats in it."""
    lines = [line.strip() for line in result.message.strip().splitlines()]
    said = [line for line in lines if line and not re.match(r"LINE \d+:|\^|> in macro", line)]
    return f"{result.name}: {' '.join(said[:3]) or 'no message'}"


def _remedy(node: NodeResult, settings: Settings) -> str:
    if node.status == "fail":
        return (
            "Tests: the fault is in a model, or in rows that gate 1 let through. Statements that find the "
            f"rows are below {settings.dbt_target / 'compiled'}."
        )
    if _REBUILD in node.message:
        return "Columns or history: `acrm rebuild` computes every night of the lake anew."
    if "max_temp_directory_size" not in node.message and _MEMORY.search(node.message):
        return (
            f"Memory: memory_limit is {settings.bank.memory_limit}. Raise it in "
            f"{settings.home / 'bank.yml'}, then run again."
        )
    if _DISK.search(node.message):
        return f"Disk: there has to be room in {settings.database.parent}, to be written to. Then run again."
    return "Models: the fault is in the model, not in the delivery. Have it mended, then run again."
