"""What a delivery says about itself, and whether it may.

Everything in a manifest was written by somebody else: names are checked before a path is made of
them, and messages show an odd name escaped and cut.
"""

import hashlib
import json
import re
import stat
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from contract.model import Load, Table, load_contract
from orchestration.errors import BadBatchError, Fault
from orchestration.ingestion.bounds import LAST_SEQUENCE
from orchestration.settings import BatchId

MANIFEST = "manifest.json"

MAX_MANIFEST_BYTES = 64 * 2**20

_LARGEST_EXPONENT = 99

_ENCODINGS = {"utf8": "utf-8", "gbk": "gb18030", "gb2312": "gb18030"}
_NUMERIC = ("money", "rate", "fx_rate", "ratio", "quantity", "integer")


def unsafe_name(value: str) -> bool:
    """Whether a name is no plain file name in the batch's folder."""
    unsafe = value in ("", ".", "..", MANIFEST) or "/" in value or "\\" in value or len(value) > 200
    return unsafe or not value.isprintable()


def _file_name(value: str) -> str:
    if unsafe_name(value):
        raise ValueError("must be a plain file name in the batch's folder")
    return value


def _delimiter(value: object) -> object:
    r"""A delimiter given as itself, or spelt ``\t``, ``0x01``, ``\x01`` or ``\u0001``."""
    if not isinstance(value, str):
        return value
    if value == "\\t":
        return "\t"
    if spelt := re.fullmatch(r"(?:0x|\\x)([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})", value):
        return chr(int(spelt[1] or spelt[2], 16))
    return value


def _plain_delimiter(value: str) -> str:
    # half of a character that takes two in UTF-16 is none
    is_text = not any("\ud800" <= character <= "\udfff" for character in value)
    if not value or not is_text or len(value) > 16 or set(value) & set('"\r\n\ufffd\ufdd0'):
        raise ValueError("must be 1 to 16 characters without quote or line end")
    return value


def _bounded(value: Decimal) -> Decimal:
    if abs(value.adjusted()) > _LARGEST_EXPONENT:
        raise ValueError("must be no larger than any amount")
    return value


def _number(text: str) -> Decimal:
    """A number with a point or an exponent: 1E+999999999 is short, and would be computed for hours."""
    return _bounded(Decimal(text))


def _encoding(value: object) -> object:
    lower = value.lower() if isinstance(value, str) else ""
    return _ENCODINGS.get(lower, lower) or value


class _Delivered(BaseModel):
    # a bank may add keys of its own
    model_config = ConfigDict(frozen=True, extra="ignore")


class Format(_Delivered):
    """How the files of a table are written; all but ``kind`` is for text.

    Where the columns of a file of fixed width stand is said in ``mapping.yml``.
    """

    kind: Literal["parquet", "csv", "fixed"]
    delimiter: Annotated[str, BeforeValidator(_delimiter), AfterValidator(_plain_delimiter)] = ","
    encoding: Annotated[Literal["utf-8", "gb18030"], BeforeValidator(_encoding)] = "utf-8"
    header: bool = False
    compression: Literal["none", "gzip", "zstd"] = "none"

    @model_validator(mode="after")
    def _text_is_described(self) -> Self:
        # a wrong guess would shift columns or lose the first row
        missing = {"delimiter", "encoding", "header"} - self.model_fields_set
        if self.kind == "csv" and missing:
            raise ValueError(f"csv needs {', '.join(sorted(missing))}")
        if self.kind == "fixed" and "encoding" not in self.model_fields_set:
            raise ValueError("fixed needs encoding")
        return self


class FileDelivery(_Delivered):
    """One file of a table."""

    name: Annotated[str, AfterValidator(_file_name)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]


class TableDelivery(_Delivered):
    """One table of a batch."""

    load: Load
    format: Format
    files: tuple[FileDelivery, ...]
    row_count: Annotated[int, Field(ge=0)]
    control_sums: dict[str, Annotated[Decimal, AfterValidator(_bounded)]] = Field(default_factory=dict)


class Manifest(_Delivered):
    """A batch as the bank describes it."""

    business_date: date
    sequence: Annotated[int, Field(ge=1, le=LAST_SEQUENCE)]
    produced_at: datetime
    tables: dict[str, TableDelivery]

    @property
    def deliveries(self) -> list[tuple[Table, TableDelivery]]:
        """The contract's tables that the batch brings, in contract order."""
        return [(t, self.tables[t.name]) for t in load_contract().tables if t.name in self.tables]


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def read_manifest(folder: Path, batch: BatchId | None = None) -> Manifest:
    """Read the manifest of a delivery.

    Args:
        folder: The batch's folder.
        batch: The batch that the folder is for, to compare date and sequence with.

    Raises:
        BadBatchError: It cannot be read, lacks a key, or is for another batch.
    """
    path = folder / MANIFEST
    try:
        details = path.lstat()
        if not stat.S_ISREG(details.st_mode) or details.st_size > MAX_MANIFEST_BYTES:
            raise BadBatchError([_manifest_fault("it is a link, no file, or larger than 64 MiB")])
        content = json.loads(
            path.read_text(encoding="utf-8-sig"), parse_float=_number, object_pairs_hook=_no_key_twice
        )
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        raise BadBatchError([_manifest_fault(reason) for reason in _reasons(error)]) from error
    except OSError as error:
        raise BadBatchError([_manifest_fault(f"{error.strerror}")]) from error
    except (ValueError, RecursionError) as error:
        # the decoder's own message can quote the text
        what = "not JSON in UTF-8, a key occurs twice, or a number is larger than any amount"
        raise BadBatchError([_manifest_fault(what)]) from error
    if batch is not None and batch != BatchId(manifest.business_date, manifest.sequence):
        told = f"{manifest.business_date} sequence {manifest.sequence}"
        what = f"the manifest is for {told}, its folder for {batch}"
        raise BadBatchError([Fault("manifest_date", what, "Have the batch sent again", file=MANIFEST)])
    return manifest


def check_manifest(
    manifest: Manifest,
    folder: Path,
    *,
    is_initial: bool,
    begun: Collection[str] = (),
    begun_before_the_day: Collection[str] = (),
) -> list[Fault]:
    """Everything that is wrong with a delivery before a data file is opened.

    Args:
        manifest: What the bank says it sent.
        folder: The batch's folder.
        is_initial: Whether it is the first batch of all.
        begun: Tables that the batch before brought, be it of the same business date.
        begun_before_the_day: Tables that the last batch of an earlier business date brought.
    """
    contract = load_contract()
    faults = []
    for name in sorted(manifest.tables.keys() - set(contract.table_names)):
        what = f"the manifest names {shown(name)}, which is not in the contract"
        faults.append(Fault("manifest_table_unknown", what, "Have it left out or the name mended"))
    for table in contract.tables:
        if table.name in manifest.tables:
            is_first = is_initial or (table.begins == "any_batch" and table.name not in begun_before_the_day)
            faults += _table_faults(table, manifest.tables[table.name], is_initial, is_first=is_first)
        elif (missing := _missing(table, manifest.tables, begun)) is not None:
            faults.append(missing)
    return faults + _folder_faults(manifest, folder)


def _missing(table: Table, delivered: Collection[str], begun: Collection[str]) -> Fault | None:
    """What is wrong with a batch that does not bring the table."""
    remedy = "Have the batch sent again with it; without rows if nothing happened"
    if table.required:
        what = "the manifest does not name this table, which every batch has"
        return Fault("manifest_table_missing", what, remedy, table.name)
    if table.stays and table.name in begun:
        what = "the manifest does not name this table, which the batch before had"
        return Fault("manifest_table_missing", what, remedy, table.name)
    needing = [other.name for other in load_contract().tables if table.name in other.needs]
    if found := [other for other in needing if other in delivered]:
        what = f"the manifest does not name this table, without which {found[0]} would be read wrongly"
        return Fault("manifest_table_missing", what, remedy, table.name)
    return None


def summable_columns(table: Table) -> set[str]:
    """Columns that a manifest can give a total of."""
    return {column.name for column in table.columns if column.type in _NUMERIC}


def shown(name: str) -> str:
    """A name from outside, safe to print."""
    return f"{name[:60]!a}"


def _table_faults(table: Table, delivery: TableDelivery, is_initial: bool, *, is_first: bool) -> list[Fault]:
    faults = []
    if table.initial_only and not is_initial:
        what = "the table belongs to the initial load only"
        faults.append(Fault("manifest_table_unknown", what, "Have it left out", table.name, MANIFEST))
    allowed_loads = _loads(table, is_initial, is_first=is_first)
    if delivery.load not in allowed_loads:
        allowed = " or ".join(allowed_loads)
        what = f"load is {delivery.load}; this batch needs {allowed}"
        faults.append(_manifest_fault(what, table.name))
    for name in sorted(delivery.control_sums.keys() - summable_columns(table)):
        what = f"control sum of {shown(name)}, which is no numeric column"
        faults.append(Fault("control_sum", what, "Have the manifest mended", table.name, MANIFEST))
    return faults


def _loads(table: Table, is_initial: bool, *, is_first: bool) -> tuple[Load, ...]:
    """Kinds of load that a table may come as.

    Args:
        is_first: Whether the batch is the first with this table.
    """
    if table.kind == "F":
        return ("full",)
    if table.kind == "D":
        return ("full",) if is_first else ("delta", "full")
    # all that happened so far is both the whole table and rows to append; later the whole would come twice
    return ("append", "full") if is_initial else ("append",)


def _folder_faults(manifest: Manifest, folder: Path) -> list[Fault]:
    owner: dict[str, str] = {}
    faults = []
    for table, delivery in manifest.tables.items():
        for file in delivery.files:
            if file.name in owner:
                what = f"the manifest names the file twice, also for {shown(owner[file.name])}"
                faults.append(_manifest_fault(what, shown(table), file.name))
            owner[file.name] = table
    for path in sorted(folder.iterdir()):
        if path.name != MANIFEST and path.name not in owner:
            name = path.name if path.name.isprintable() else shown(path.name)
            what = "the manifest does not name this file"
            faults.append(Fault("file_extra", what, "Have it named or taken away", file=name))
    return faults


class FileState(NamedTuple):
    """Which file has a name, and when it was last changed; no change leaves all of it as it was."""

    device: int
    number: int
    size: int
    modified_ns: int
    changed_ns: int


def file_state(path: Path) -> FileState | None:
    """The state of the file that a name stands for; None if there is none."""
    try:
        details = path.lstat()
    except OSError:
        return None
    return FileState(
        details.st_dev, details.st_ino, details.st_size, details.st_mtime_ns, details.st_ctime_ns
    )


def changed_while_read(table: str, file: FileDelivery) -> Fault:
    """The fault of a file that was written to or replaced between its check and the end of reading."""
    what = "the file was changed or taken away while it was read; nothing of the batch was kept"
    remedy = "Have files left alone once their manifest is there, then run again"
    return Fault("file_checksum", what, remedy, table, file.name)


def check_file(folder: Path, table: str, file: FileDelivery) -> Fault | None:
    """Whether a file is there and is the one that the manifest describes."""
    path = folder / file.name
    try:
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            what = "it is a link or a folder, not a file"
            return Fault("file_unreadable", what, "Have the file itself sent", table, file.name)
        if file_digest(path) != file.sha256.lower():
            what = "the file is truncated or changed: its sha256 is not the manifest's"
            return Fault("file_checksum", what, "Have the batch sent again", table, file.name)
    except FileNotFoundError:
        what = "the manifest names this file, it is not there"
        return Fault("file_missing", what, "Have the batch sent again", table, file.name)
    except OSError as error:
        return Fault("file_unreadable", f"{error.strerror}", "Mend the landing folder", table, file.name)
    return None


def _manifest_fault(what: str, table: str | None = None, file: str = MANIFEST) -> Fault:
    return Fault("manifest_unreadable", what, "Have the manifest mended and sent again", table, file)


def _reasons(error: ValidationError) -> list[str]:
    """What is wrong where, without the values that pydantic would add."""
    return [f"{shown('.'.join(map(str, detail['loc'])))}: {detail['msg']}" for detail in error.errors()]


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key occurs twice")
    return content
