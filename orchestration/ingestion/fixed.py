"""Records of fixed width: columns by where they begin and how long they are, in bytes or in characters.

Where columns stand is said in ``mapping.yml``; the manifest says encoding and compression. A Chinese
character takes two bytes in GBK: where a bank counts bytes, records are cut before they are decoded.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.ingestion.decoding import BOM, MARK_UNDECODABLE, UnreadableFileError, line_slices
from orchestration.ingestion.manifest import Format
from orchestration.ingestion.parsing import SOURCE_ROW
from orchestration.ingestion.reader import Chunk, is_shapeless

_PADDING = " \u3000\x00"

Place = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1, le=65_536)]]
"""Where a column begins, from 1, and how long it is."""


class Fixed(BaseModel):
    """How the records of a table's files are laid out.

    Attributes:
        unit: What places and lengths count.
        columns: Place of each column of the file; what lies between them is not read.
        length: Length of a whole record without line end, where every other is wrong.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    unit: Literal["bytes", "characters"]
    columns: Annotated[dict[str, Place], Field(min_length=1)]
    length: int | None = None

    @model_validator(mode="after")
    def _lie_beside_each_other(self) -> Self:
        taken = sorted((start, start + size, name) for name, (start, size) in self.columns.items())
        for (_, end, name), (start, _, following) in pairwise(taken):
            if start < end:
                raise ValueError(f"{following!a} begins before {name!a} ends")
        if self.length is not None and self.length < self.least:
            raise ValueError(f"a record of {self.length} {self.unit} ends before its last column does")
        if len({name.lower() for name in self.columns}) < len(self.columns):
            raise ValueError("a column is named twice")
        return self

    @property
    def least(self) -> int:
        """Where the last column ends."""
        return max(start + size for start, size in self.columns.values()) - 1


def fixed_chunks(path: Path, layout: Format, fixed: Fixed) -> Iterator[Chunk]:
    """Read a file of fixed width, all columns as text without their padding, empty ones null.

    A record that is too short, or not of the length that is said, is set apart as one of another shape.

    Raises:
        UnreadableFileError: It is written in another way, cannot be decompressed, or most records are of
            another length.
    """
    if layout.kind != "fixed":
        raise UnreadableFileError(f"the manifest says {layout.kind}, and mapping.yml says 'fixed'")
    places = {name.lower(): place for name, place in fixed.columns.items()}
    done = shapeless = 0
    for text in line_slices(path, layout, len(places)):
        lines = _lines(text.removeprefix(BOM) if done == 0 else text)
        cut = _by_bytes if fixed.unit == "bytes" else _by_characters
        rows, odd = cut(lines, layout, fixed, places)
        shapeless += odd.height
        if is_shapeless(shapeless, done + len(lines)):
            row = done + int(odd[SOURCE_ROW][0])
            told = f"are not of {fixed.length or fixed.least} {fixed.unit}"
            raise UnreadableFileError(f"record {row} and most after it {told}; reading stopped")
        shift = (pl.col(SOURCE_ROW) + done).alias(SOURCE_ROW)
        done += len(lines)
        yield Chunk(rows.with_columns(shift), odd.with_columns(shift), ())


def _lines(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    if lines[-1] == b"":
        del lines[-1]
    return [line.removesuffix(b"\r") for line in lines]


def _by_bytes(
    lines: list[bytes], layout: Format, fixed: Fixed, places: Mapping[str, Place]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    frame = _numbered(pl.Series("record", lines, pl.Binary))
    is_whole = _is_whole(pl.col("record").bin.size(), fixed)
    whole, odd = frame.filter(is_whole), frame.filter(~is_whole)
    cut = whole.select(
        SOURCE_ROW,
        *(pl.col("record").bin.slice(start - 1, size).alias(name) for name, (start, size) in places.items()),
    )
    texts = [_decoded(cut[name], layout.encoding) for name in places]
    records = _decoded(odd["record"], layout.encoding)
    return _trimmed(cut.select(SOURCE_ROW).with_columns(texts), places), odd.with_columns(records)


def _by_characters(
    lines: list[bytes], layout: Format, fixed: Fixed, places: Mapping[str, Place]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    frame = _numbered(_decoded(pl.Series("record", lines, pl.Binary), layout.encoding))
    is_whole = _is_whole(pl.col("record").str.len_chars(), fixed)
    whole, odd = frame.filter(is_whole), frame.filter(~is_whole)
    cut = whole.select(
        SOURCE_ROW,
        *(pl.col("record").str.slice(start - 1, size).alias(name) for name, (start, size) in places.items()),
    )
    return _trimmed(cut, places), odd


def _numbered(records: pl.Series) -> pl.DataFrame:
    numbers = pl.int_range(1, len(records) + 1, dtype=pl.Int64, eager=True)
    return pl.DataFrame([numbers.alias(SOURCE_ROW), records])


def _is_whole(length: pl.Expr, fixed: Fixed) -> pl.Expr:
    return length >= fixed.least if fixed.length is None else length == fixed.length


def _decoded(values: pl.Series, encoding: str) -> pl.Series:
    """Text of bytes; what is none in the encoding is marked, and the rules refuse it."""
    joined = b"\n".join(values.to_list())
    texts = joined.decode(encoding, MARK_UNDECODABLE).split("\n")
    if len(texts) != len(values):
        # no values at all, or a decoder that took a line end for part of a character
        texts = [value.decode(encoding, MARK_UNDECODABLE) for value in values.to_list()]
    return pl.Series(values.name, texts, pl.String)


def _trimmed(frame: pl.DataFrame, places: Mapping[str, Place]) -> pl.DataFrame:
    text = pl.col(list(places)).str.strip_chars(_PADDING)
    trimmed = frame.with_columns(text)
    filled = pl.col(list(places))
    return trimmed.select(*places, SOURCE_ROW).with_columns(pl.when(filled.str.len_bytes() > 0).then(filled))
