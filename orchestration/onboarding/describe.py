"""Writes the manifest of a batch from the files that lie in its folder: for ``acrm manifest FOLDER``.

Put here: which file is which table, and what a manifest says of it. Keep out: what a manifest may say
(``ingestion/manifest.py``), how a format is guessed (``formats.py``). Counts and sums are those of the reader
that a night uses, so what is written here is what ingestion finds.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from pydantic import ValidationError

from contract.model import OP_COLUMN, Load, Table, load_contract
from orchestration.errors import BadBatchError, Fault
from orchestration.ingestion.decoding import UnreadableFileError
from orchestration.ingestion.ingest import RECEIVED, TableOutcome, read_table
from orchestration.ingestion.lake import TableWriter, lake_batches, tables_of_last
from orchestration.ingestion.landing import batch_of, landed_batches, name_fault
from orchestration.ingestion.manifest import (
    MANIFEST,
    FileDelivery,
    Format,
    TableDelivery,
    file_digest,
    shown,
    unsafe_name,
)
from orchestration.ingestion.mapping import MAPPING_FILE, Mapping, TableMap, load_mapping
from orchestration.ingestion.reader import read_file
from orchestration.onboarding.formats import AS_CSV, NAME_COLUMNS, Expected, fixed_format, guess_format
from orchestration.onboarding.mending import mended_by_hand
from orchestration.settings import BatchId, Settings
from orchestration.waiting import is_settled

OnTable = Callable[[str, int], None]

_ENDINGS = re.compile(r"(\.(csv|txt|dat|del|tsv|parquet|gz|gzip|zst|zstd))+$")
_REST = re.compile(r"[-_.]?(part|p)?[-_.]?[0-9][-_.0-9]*|")
_MEND_NAME = (
    f"Name it TABLE.csv or TABLE-0001.csv, say whose it is in {MAPPING_FILE} under files, or take it away"
)
_MEND_FORMAT = f"Say how it is written in {MAPPING_FILE} under format"
_NOT_YET_KNOWN = ("row_count", "control_sum")
_NO_SUCH_VALUE = ("value_not_parsed", "value_not_in_list")
_WORKBOOKS = (".xlsx", ".xlsm", ".xls")


@dataclass(frozen=True)
class Described:
    """One table as the manifest has it.

    Attributes:
        delivery: What the manifest says.
        refused: Rows that a run would refuse by themselves.
    """

    table: Table
    delivery: TableDelivery
    refused: int


class _Counter(TableWriter):
    """Takes rows and keeps none of them: the reader counts and adds.

    Attributes:
        broken: Values that are none of their type, by file and column.
        first_broken: By file the columns in which its first record has one.
    """

    def __init__(self, table: Table, folder: Path) -> None:
        super().__init__(table, folder, folder)
        self.broken: Counter[tuple[str, str]] = Counter()
        self.first_broken: dict[str, set[str]] = {}

    def accept(self, rows: pl.DataFrame, source_file: str) -> None:
        """Let accepted rows go."""

    def refuse(self, violations: pl.DataFrame, source_file: str) -> None:
        """Let refused rows go; count what their values break, and note what the first record's do."""
        broken = violations.filter(pl.col("rule_code").is_in(_NO_SUCH_VALUE))
        for row, column in broken.select("source_row", "column_name").iter_rows():
            self.broken[source_file, column] += 1
            if row == 1:
                self.first_broken.setdefault(source_file, set()).add(column)

    def is_header(self, source_file: str) -> bool:
        """Whether the first record is a header: no value of it is one, and others of some column are."""
        typed = _typed(self.table)
        first = self.first_broken.get(source_file, set())
        return (
            len(typed) > 1 and first >= typed and any(self.broken[source_file, name] == 1 for name in typed)
        )

    def close(self) -> None:
        """Nothing was written."""


def describe(settings: Settings, folder: Path, on_table: OnTable | None = None) -> list[Described]:
    """Write ``manifest.json`` for the files of a batch's folder, and tell what it says.

    Args:
        settings: The bank's choices.
        folder: Named as landing's folders are: ``business_date=…/sequence=…``.
        on_table: Told of progress.

    Raises:
        BadBatchError: With everything that keeps it from being written; then nothing is.
    """
    folder = folder.absolute()
    batch = _batch(folder)
    _require_open(settings, batch)
    mapping = load_mapping(settings)
    files, faults = _files_by_table(folder, mapping)
    described = []
    for table in load_contract().tables:
        if table.name in files:
            try:
                described.append(
                    _described(settings, folder, batch, table, files[table.name], mapping, on_table)
                )
            except BadBatchError as error:
                faults += error.faults
    if not files and not faults:
        faults.append(Fault("file_missing", "there is no file in it", "Put the batch's files there"))
    if faults:
        raise BadBatchError(faults)
    _write(folder, batch, settings, described)
    return described


def _has_begun(settings: Settings, batch: BatchId, table: Table) -> bool:
    return table.name in tables_of_last(
        settings,
        [known for known in lake_batches(settings) if known.business_date < batch.business_date],
    )


def _batch(folder: Path) -> BatchId:
    batch = batch_of(folder)
    fault = name_fault(folder)
    if batch is None or fault is not None:
        what = f"{shown(f'{folder.parent.name}/{folder.name}')} is no business date and sequence from 1"
        remedy = "Name it business_date=YYYY-MM-DD/sequence=N"
        raise BadBatchError([fault or Fault("batch_folder_unreadable", what, remedy)])
    if not folder.is_dir():
        raise BadBatchError(
            [Fault("file_missing", "there is no such folder", "Make it, with the files in it")]
        )
    return batch


def _require_open(settings: Settings, batch: BatchId) -> None:
    """Write no manifest that every later run would refuse."""
    if not is_settled(settings, batch):
        return
    known = [*landed_batches(settings), *lake_batches(settings)]
    correction = max(one.sequence for one in known if one.business_date == batch.business_date) + 1
    what = f"{batch} has passed gate 1 and stays as it was taken, so no manifest was written"
    remedy = (
        f"Put corrected files into sequence={correction} of the same business date; or, where the first "
        f"delivery was no good, take it out by: acrm withdraw {batch.short}"
    )
    raise BadBatchError([Fault("batch_changed", what, remedy, file=MANIFEST)])


def _files_by_table(folder: Path, mapping: Mapping) -> tuple[dict[str, list[Path]], list[Fault]]:
    files: dict[str, list[Path]] = {}
    faults = []
    for path in sorted(folder.iterdir()):
        if path.name == MANIFEST:
            continue
        name = path.name if path.name.isprintable() else shown(path.name)
        table = mapping.table_of_file(path.name) or _table_of(path.name)
        if unsafe_name(path.name) or path.is_symlink() or not path.is_file():
            what = "it is a link or a folder, or has a name that a manifest cannot hold"
            faults.append(Fault("file_extra", what, "Take it away or rename it", file=name))
        elif path.suffix.lower() in _WORKBOOKS:
            what = "it is an Excel workbook"
            faults.append(Fault("file_extra", what, f"{AS_CSV}, as TABLE.csv, or take it away", file=name))
        elif table is None:
            what = "its name is that of no table"
            faults.append(Fault("file_extra", what, _MEND_NAME, file=name))
        else:
            files.setdefault(table, []).append(path)
    return files, faults


def _table_of(name: str) -> str | None:
    """The table whose name the file's begins with; what follows is a number of a part."""
    stem = _ENDINGS.sub("", name.lower())
    for table in sorted(load_contract().table_names, key=len, reverse=True):
        if stem.startswith(table) and _REST.fullmatch(stem.removeprefix(table)):
            return table
    return None


def _described(
    settings: Settings,
    folder: Path,
    batch: BatchId,
    table: Table,
    paths: list[Path],
    mapping: Mapping,
    on_table: OnTable | None,
) -> Described:
    said = mapping.table(table.name)
    layout = _format(table, paths, said)
    summed = [column.name for column in table.columns if column.type == "money"]
    draft = TableDelivery(
        load=_load(table, paths[0], layout, said, has_begun=_has_begun(settings, batch, table)),
        format=layout,
        files=tuple(FileDelivery(name=path.name, sha256=file_digest(path)) for path in paths),
        row_count=0,
        control_sums=dict.fromkeys(summed, Decimal(0)),
    )
    counter = _Counter(table, folder)
    outcome = read_table(settings, folder, batch.business_date, draft, counter, on_table, said)
    faults = [mended_by_hand(fault) for fault in outcome.faults if fault.check_code not in _NOT_YET_KNOWN]
    if not layout.header and said is None:
        faults += [_other_names(table, path.name) for path in paths if counter.is_header(path.name)]
    if faults:
        raise BadBatchError(faults)
    return Described(table, _counted(draft, outcome), outcome.delivered - outcome.accepted)


def _typed(table: Table) -> set[str]:
    """Columns that every file has and that a name cannot be a value of."""
    return {
        column.name
        for column in table.columns
        if not column.optional and (column.values or column.type not in ("id", "text", "code"))
    }


def _other_names(table: Table, file: str) -> Fault:
    what = "its first line is a header, and names none of the table's columns"
    return Fault("column_missing", what, NAME_COLUMNS, table.name, file)


def _format(table: Table, paths: list[Path], said: TableMap | None) -> Format:
    """The one format of all files: guessed, with what the mapping says in the place of a guess."""
    looks = _looks(table, said)
    found: dict[Format, Path] = {}
    for path in paths:
        try:
            is_fixed = said is not None and said.fixed is not None
            guess = fixed_format(path) if is_fixed else _said_format(said) or guess_format(path, looks)
            found.setdefault(Format.model_validate(guess.model_dump() | (said.format if said else {})), path)
        except (UnreadableFileError, ValidationError) as error:
            what, remedy = "its format cannot be as said", _MEND_FORMAT
            if isinstance(error, UnreadableFileError):
                what, remedy = str(error), error.remedy or _MEND_FORMAT
            raise BadBatchError([Fault("file_unreadable", what, remedy, table.name, path.name)]) from error
    filled = [layout for layout, path in found.items() if path.stat().st_size] or list(found)
    if len(filled) > 1:
        what = f"it is written in another way than {shown(found[filled[0]].name)}"
        remedy = "Write all files of a table alike"
        raise BadBatchError([Fault("file_unreadable", what, remedy, table.name, found[filled[1]].name)])
    return filled[0]


def _said_format(said: TableMap | None) -> Format | None:
    """A format of which nothing is left to be guessed."""
    if said is None or not ({"kind", "delimiter", "encoding", "header"} <= said.format.keys()):
        return None
    return Format.model_validate(said.format)


def _looks(table: Table, said: TableMap | None) -> list[Expected]:
    columns = table.columns if said is None else said.sources(table.columns)
    names = tuple(column.name for column in columns)
    needed = frozenset(column.name for column in columns if not column.optional)
    looks = [Expected(names, needed)]
    if table.kind == "D":
        looks.append(Expected((*names, OP_COLUMN), needed | {OP_COLUMN}))
    return looks


def _load(table: Table, path: Path, layout: Format, said: TableMap | None, *, has_begun: bool) -> Load:
    """A delta is what has the column ``op``; else a table is what there is, or what happened."""
    if table.kind == "F":
        return "full"
    if table.kind == "E":
        return "append"
    if said is not None and OP_COLUMN in said.columns:
        return "delta"
    if layout.kind == "fixed":
        # an empty file says that nothing has changed, once there is something
        return "delta" if has_begun and not path.stat().st_size else "full"
    columns = table.columns if said is None else said.sources(table.columns)
    try:
        first = next(iter(read_file(path, layout, (*columns, RECEIVED))))
    except UnreadableFileError:
        return "full"
    if not first.count and not layout.header:
        # nothing tells: that nothing has changed, once there is something; that there is nothing, before
        return "delta" if has_begun else "full"
    return "delta" if first.rows.height or layout.header else "full"


def _counted(draft: TableDelivery, outcome: TableOutcome) -> TableDelivery:
    sums = {name: total.quantize(Decimal("0.01")) for name, total in outcome.sums.items()}
    return draft.model_copy(update={"row_count": outcome.delivered, "control_sums": sums})


def _write(folder: Path, batch: BatchId, settings: Settings, described: list[Described]) -> None:
    content = {
        "business_date": str(batch.business_date),
        "sequence": batch.sequence,
        "produced_at": datetime.now(ZoneInfo(settings.bank.time_zone)).isoformat(timespec="seconds"),
        "tables": {one.table.name: one.delivery.model_dump(mode="json") for one in described},
    }
    unfinished = folder / f"{MANIFEST}.unfinished"
    unfinished.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(folder / MANIFEST)
