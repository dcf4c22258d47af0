"""From the bytes of a CSV file to UTF-8 blocks of whole records.

Decoding comes before any splitting: in GB18030 a delimiter such as ``|`` can be the second byte of a
character. Only the newline never is, so the raw bytes are cut there.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa

from orchestration.ingestion.manifest import Format
from orchestration.ingestion.records import Records, first_record, split_records

BLOCK_BYTES = 32 * 2**20
"""Decompressed bytes read at once: a few hundred thousand rows, some hundred MiB of work space."""

MAX_RECORD_BYTES, MAX_EMPTY_BYTES = 8 * 2**20, 2**20
"""No record is longer, and no file has more empty lines one after another.

What is not at its end yet is looked through again with the text that follows, and what is refused takes many
times its room.
"""

CELLS_PER_BLOCK = 4_000_000
"""Fields split at once: however short a sender makes them, they take so much work space and no more."""

LEAST_WIDTH = 8
"""Columns that a record is counted as at least, since its number and texts take room, too."""

MAX_HEADER_BYTES = 64 * 2**10

MAX_RATIO = 200
FREE_BYTES = 256 * 2**20
"""Text unpacks to tens of times its size; beyond so many bytes one that unpacks to more is no extract."""

UNDECODABLE = "\ufdd0"
"""Stands for bytes that are no text in the declared encoding.

A noncharacter, which Unicode keeps out of interchange; the replacement character may be text that was sent.
"""

MARK_UNDECODABLE = "acrm_mark_undecodable"
"""How bytes are decoded so that those which are no text stay marked."""

codecs.register_error(MARK_UNDECODABLE, lambda error: (UNDECODABLE, getattr(error, "end", 0)))

BOM = "\ufeff".encode()
_STAND_INS = bytes([0x1F, 0x1E, 0x1D, 0x1C, *range(1, 9), *range(0x0E, 0x1C), 0x7F])


class UnreadableFileError(Exception):
    """A file cannot be read as its format says.

    Attributes:
        check_code: The rule violated.
        column: The column concerned, if it is one.
        remedy: What to do, where the one who reads the file knows better than whoever asked for it.
    """

    def __init__(
        self,
        what: str,
        check_code: str = "file_unreadable",
        column: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(what)
        self.check_code = check_code
        self.column = column
        self.remedy = remedy


@dataclass(frozen=True)
class TextBlock:
    """Whole records of a file.

    Attributes:
        separator: The one byte that stands between fields.
        restore: Text that the separator stands for inside quoted fields; None if for itself.
    """

    records: Records
    separator: int
    restore: str | None


class CsvText:
    """The records of one CSV file, block by block.

    Attributes:
        header: Names in the first record; None if the format has no header or the file is empty.
    """

    def __init__(self, path: Path, layout: Format) -> None:
        self._layout = layout
        self._delimiter = layout.delimiter.encode()
        self._texts = _decoded(_lines(path, layout), layout.encoding)
        self._text, self._final = next(self._texts, (b"", True))
        self._text = self._text.removeprefix(BOM)
        self.header: list[str] | None = None
        if layout.header and self._text:
            normal, separator = self._normalised(self._text)
            # a record that is longer would be taken apart field by field, each an object of its own
            names, end = first_record(normal[:MAX_HEADER_BYTES], separator)
            if end == MAX_HEADER_BYTES:
                raise UnreadableFileError(
                    f"its first line, the header, is longer than {MAX_HEADER_BYTES} bytes"
                )
            self.header = [name.decode("utf-8", "replace") for name in names]
            self._text = normal[end:].replace(bytes([separator]), self._delimiter)

    def blocks(self, width: int) -> Iterator[TextBlock]:
        """The records, those with other than ``width`` fields set apart."""
        texts = _in_slices(chain([(self._text, self._final)], self._texts), width)
        text, final = next(texts)
        while True:
            normal, separator = self._normalised(text)
            records = split_records(normal, separator, width, final=final)
            if max(records.longest, len(normal) - records.consumed) > MAX_RECORD_BYTES:
                raise UnreadableFileError(f"a record of more than {MAX_RECORD_BYTES} bytes")
            stand_in = bytes([separator])
            is_itself = stand_in == self._delimiter
            yield TextBlock(records, separator, None if is_itself else self._layout.delimiter)
            if final:
                return
            rest = normal[records.consumed :]
            rest = rest if is_itself else rest.replace(stand_in, self._delimiter)
            if len(rest) > MAX_EMPTY_BYTES and not rest.strip(b"\r\n"):
                raise UnreadableFileError(f"more than {MAX_EMPTY_BYTES} bytes of empty lines")
            del normal, records
            text, final = next(texts)
            text = rest + text

    def _normalised(self, text: bytes) -> tuple[bytes, int]:
        """The text with one byte for the delimiter; longer ones no splitter in reach understands."""
        if len(self._delimiter) == 1:
            return text, self._delimiter[0]
        stand_in = next((code for code in _STAND_INS if code not in text), None)
        if stand_in is None:
            raise UnreadableFileError("every control character occurs in it: no text")
        return text.replace(self._delimiter, bytes([stand_in])), stand_in


def line_slices(path: Path, layout: Format, width: int) -> Iterator[bytes]:
    """The raw bytes of a file in blocks of whole lines, so few that ``width`` fields of each have room.

    Raises:
        UnreadableFileError: It cannot be decompressed, or has no line ends.
    """
    is_any = False
    for text, _ in _in_slices(_lines(path, layout), width):
        is_any = True
        yield text
    if not is_any:
        yield b""


def _lines(path: Path, layout: Format) -> Iterator[tuple[bytes, bool]]:
    """Raw bytes in blocks of whole lines, each with whether it is the last."""
    compression = None if layout.compression == "none" else layout.compression
    try:
        most = max(FREE_BYTES, MAX_RATIO * path.stat().st_size)
        with pa.input_stream(str(path), compression=compression) as stream:
            rest = b""
            block = _filled(stream)
            read = 0
            while block:
                read += len(block)
                if read > most:
                    raise UnreadableFileError(f"it unpacks to more than {MAX_RATIO} times its size")
                following = _filled(stream)
                cut = block.rfind(b"\n") + 1
                if not following:
                    yield rest + block, True
                elif cut:
                    yield rest + block[:cut], False
                    rest = block[cut:]
                else:
                    rest += block
                    if len(rest) > MAX_RECORD_BYTES:
                        raise UnreadableFileError(f"no line end in {MAX_RECORD_BYTES} bytes")
                block = following
    except (OSError, pa.ArrowException) as error:
        raise UnreadableFileError("it cannot be read or decompressed to the end") from error


def _in_slices(texts: Iterator[tuple[bytes, bool]], width: int) -> Iterator[tuple[bytes, bool]]:
    """The texts, those of very many lines in several, so that no sender decides how much is split at once."""
    most = max(1, CELLS_PER_BLOCK // max(width, LEAST_WIDTH))
    for text, final in texts:
        at = 0
        if text.count(b"\n") > most:
            ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
            for end in ends[most - 1 :: most]:
                if end + 1 < len(text):
                    yield text[at : end + 1], False
                    at = int(end) + 1
        yield text[at:] if at else text, final


def _filled(stream: pa.NativeFile) -> bytes:
    # a decompressor gives less than it is asked for; whole blocks make the lake's files the same every time
    parts = []
    missing = BLOCK_BYTES
    while missing and (part := stream.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _decoded(blocks: Iterator[tuple[bytes, bool]], encoding: str) -> Iterator[tuple[bytes, bool]]:
    """The blocks as UTF-8, bytes that are no text replaced."""
    for block, final in blocks:
        if block.isascii():
            yield block, final
            continue
        try:
            text = block.decode(encoding)
        except UnicodeDecodeError:
            text = block.decode(encoding, MARK_UNDECODABLE)
            yield text.encode(), final
        else:
            yield block if encoding == "utf-8" else text.encode(), final
