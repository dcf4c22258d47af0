"""Guesses how a file is written: compression, encoding, delimiter, header. The reader confirms it afterwards.

Put here: guesses from a file's bytes and from the columns that it should have. Keep out: reading its rows.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from orchestration.ingestion.decoding import UnreadableFileError
from orchestration.ingestion.manifest import Format
from orchestration.ingestion.mapping import MAPPING_FILE

_SAMPLE_CHARACTERS = 2**18
_STEP_BYTES = 2**20
_DELIMITERS = (",", "|", "\t", ";", "\x01", "\x1b", "^", "~", "|+|", "|@|", "||", "@@", "!^")
_ENCODINGS: tuple[Literal["utf-8", "gb18030"], ...] = ("utf-8", "gb18030")
_STAND_IN = "\x1f"
NAME_COLUMNS = f"Say in {MAPPING_FILE} which of its columns is which, under columns"
AS_CSV = "Save it as CSV in UTF-8 (Excel: CSV UTF-8)"
_OTHERS = (
    (b"PK\x03\x04", "it is an Excel workbook or a zip archive", f"{AS_CSV}, or unpack it"),
    (b"\xd0\xcf\x11\xe0", "it is an Excel workbook", AS_CSV),
    (codecs.BOM_UTF16_LE, "it is text in UTF-16, which Excel calls Unicode", AS_CSV),
    (codecs.BOM_UTF16_BE, "it is text in UTF-16, which Excel calls Unicode", AS_CSV),
)
"""What else people have at hand: how it begins, what it is, what to do."""


@dataclass(frozen=True)
class Expected:
    """What a table's file should look like.

    Attributes:
        names: Names of the columns, in the order of a file without header; lower case.
        needed: Those that it cannot lack.
    """

    names: tuple[str, ...]
    needed: frozenset[str]

    def matches(self, header: Sequence[str]) -> int:
        """How many of the columns a first record names."""
        return len({*self.names} & {name.strip().strip('"').lower() for name in header})


def guess_format(path: Path, expected: Sequence[Expected]) -> Format:
    """How a file is written.

    Args:
        path: The file.
        expected: What it may look like, the likeliest first: a table, the same with the ``op`` of a delta.

    Raises:
        UnreadableFileError: It is no text, or nothing gives it the table's columns.
    """
    with path.open("rb") as content:
        magic = content.read(4)
    if magic == b"PAR1":
        return Format(kind="parquet")
    _refuse_known(magic)
    compression = _compression(magic)
    encoding, sample = _encoding(path, compression)
    delimiter, header = _layout(sample, expected)
    return Format(kind="csv", delimiter=delimiter, encoding=encoding, header=header, compression=compression)


def fixed_format(path: Path) -> Format:
    """How a file of fixed width is compressed and encoded; an empty one is UTF-8 as well as anything.

    Raises:
        UnreadableFileError: It is no text.
    """
    with path.open("rb") as content:
        compression = _compression(content.read(4))
    encoding, _ = _encoding(path, compression)
    return Format(kind="fixed", encoding=encoding, compression=compression)


def _refuse_known(magic: bytes) -> None:
    """Say what a file is that is no text of ours, where its first bytes tell."""
    for begins, what, remedy in _OTHERS:
        if magic.startswith(begins):
            raise UnreadableFileError(what, remedy=remedy)


def _compression(magic: bytes) -> Literal["none", "gzip", "zstd"]:
    if magic[:2] == b"\x1f\x8b":
        return "gzip"
    return "zstd" if magic == b"\x28\xb5\x2f\xfd" else "none"


def _encoding(path: Path, compression: str) -> tuple[Literal["utf-8", "gb18030"], str]:
    """The first encoding in which the whole file is text, and how its text begins."""
    for encoding in _ENCODINGS:
        decoder = codecs.getincrementaldecoder(encoding)()
        sample = ""
        try:
            for block in _blocks(path, compression):
                text = decoder.decode(block)
                sample += text[: max(0, _SAMPLE_CHARACTERS - len(sample))]
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding, sample.removeprefix("\ufeff")
    raise UnreadableFileError("it is neither UTF-8 nor GB18030 text, nor Parquet")


def _blocks(path: Path, compression: str) -> Iterator[bytes]:
    try:
        kind = None if compression == "none" else compression
        with pa.input_stream(str(path), compression=kind) as stream:
            while block := stream.read(_STEP_BYTES):
                yield block
    except (OSError, pa.ArrowException) as error:
        raise UnreadableFileError("it cannot be read or decompressed to the end") from error


def _layout(sample: str, expected: Sequence[Expected]) -> tuple[str, bool]:
    """Delimiter, and whether there is a header."""
    candidates = (*_sniffed(sample), *_DELIMITERS)
    if not sample.strip():
        return ",", False
    first = {delimiter: _records(sample, delimiter, 1)[0] for delimiter in candidates}
    # of those that find the same names, the one that leaves the fewest other fields
    named = [
        (look.matches(first[delimiter]), -len(first[delimiter]), -place, delimiter)
        for place, delimiter in enumerate(candidates)
        for look in expected
    ]
    matching, _, _, delimiter = max(named)
    if matching >= max(1, len(expected[0].needed) // 2):
        return delimiter, True
    fitting = [
        (_share(_records(sample, delimiter, 200), {len(look.names), len(look.needed)}), -place, delimiter)
        for place, delimiter in enumerate(candidates)
        for look in expected
    ]
    share, _, delimiter = max(fitting)
    if share < 0.5:
        raise UnreadableFileError(
            "its first line names none of the table's columns, and no delimiter that was tried gives it all "
            f"{len(expected[0].names)} of them",
            remedy=f"{NAME_COLUMNS}, or how it is written, under format",
        )
    return delimiter, False


def _sniffed(sample: str) -> tuple[str, ...]:
    try:
        return (csv.Sniffer().sniff(sample[:8192]).delimiter,)
    except csv.Error:
        return ()


def _records(sample: str, delimiter: str, most: int) -> list[list[str]]:
    if len(delimiter) > 1:
        sample, delimiter = sample.replace(delimiter, _STAND_IN), _STAND_IN
    found = []
    try:
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            found.append(record)
            if len(found) == most:
                break
    except csv.Error:
        pass
    return found or [[]]


def _share(records: list[list[str]], widths: set[int]) -> float:
    return sum(len(record) in widths for record in records) / len(records)
