"""Where the records and fields of a CSV text begin and end, quotes respected.

Positions are found with NumPy over the whole text. A quote opens a field only as the field's first
character and closes it only before a delimiter or line end; within, a quote is doubled. A quote
inside an unquoted field is an ordinary character. A record whose quotes break these rules ends at
its first line end, so that one stray quote costs one line and not the rest of the file.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]
Flags = NDArray[np.bool_]

MAX_FIELD_BYTES = 2**20
"""A quoted field that does not close within this many bytes was never meant to open."""

QUOTE = b'"'
_QUOTE, _NEWLINE, _RETURN = 0x22, 0x0A, 0x0D


@dataclass(frozen=True)
class Records:
    """The complete records of a text.

    Attributes:
        consumed: Bytes that the records take; what follows is the start of an incomplete one.
        count: Records found, misshapen ones included.
        clean: The well-shaped records, each ended by a newline, fit for any CSV reader.
        rows: Index of each well-shaped record among all; None if all are well-shaped.
        misshapen: Index and text of every other record.
        quoted: Whether ``clean`` has quoted fields.
        longest: Bytes of the longest record.
    """

    consumed: int
    count: int
    clean: bytes
    rows: Positions | None
    misshapen: list[tuple[int, bytes]]
    quoted: bool
    longest: int


@dataclass(frozen=True)
class _Quotes:
    """Quotes that open and close, alternately, and the starts of records that need care."""

    positions: Positions
    malformed: list[int]
    literal: list[int]


def split_records(text: bytes, separator: int, width: int, *, final: bool) -> Records:
    """Find the complete records of a text and set apart those of another width.

    Args:
        text: UTF-8; ends with a newline unless ``final``.
        separator: Byte between fields.
        width: Fields that a record has to have.
        final: Whether the file ends with this text.
    """
    codes = np.frombuffer(text, np.uint8)
    ends = _positions(codes, _NEWLINE)
    separators = _positions(codes, separator)
    quotes = None
    if QUOTE in text:
        quotes = _structural_quotes(text, codes, separator, final)
        inside = _inside(quotes.positions, len(text))
        ends = ends[~inside[ends]]
        separators = separators[~inside[separators]]
    if final and len(text) > (ends[-1] + 1 if len(ends) else 0):
        ends = np.append(ends, len(text))
    # blank lines at the end of a block wait for the next one: only there is it known whether the file ends
    ends = _without_blank_tail(ends, text)
    if not len(ends):
        return Records(len(text) if final else 0, 0, b"", None, [], False, 0)

    consumed = min(int(ends[-1]) + 1, len(text))
    separators = separators[: np.searchsorted(separators, ends[-1])]
    starts = np.concatenate([[0], ends[:-1] + 1])
    bad = _misshapen(starts, ends, separators, width)
    if quotes is not None and quotes.malformed:
        bad[np.searchsorted(starts, quotes.malformed)] = True
    literal = [] if quotes is None else [s for s in quotes.literal if not bad[np.searchsorted(starts, s)]]
    clean = _clean(text, codes, starts, ends, bad, literal, separator)
    return Records(
        consumed=len(text) if final else consumed,
        count=len(ends),
        clean=clean,
        rows=np.flatnonzero(~bad) if bad.any() else None,
        misshapen=[(int(i), text[starts[i] : ends[i]].removesuffix(b"\r")) for i in np.flatnonzero(bad)],
        quoted=quotes is not None,
        longest=int((ends - starts).max()),
    )


def first_record(text: bytes, separator: int) -> tuple[list[bytes], int]:
    """Fields of the first record of a text, and where the next record starts."""
    record = _Record(text, 0, separator)
    fields = text[: record.end].removesuffix(b"\n").removesuffix(b"\r").split(bytes([separator]))
    return [field.strip().strip(QUOTE).strip() for field in fields], record.end


def _positions(codes: NDArray[np.uint8], code: int) -> Positions:
    return np.flatnonzero(codes == code)


def _inside(quotes: Positions, size: int) -> Flags:
    """For every byte whether an odd number of quotes stands before it."""
    toggles = np.zeros(size, np.bool_)
    toggles[quotes] = True
    inside: Flags = np.logical_xor.accumulate(toggles)
    return inside


def _without_blank_tail(ends: Positions, text: bytes) -> Positions:
    """Drop empty lines at the end of a text; before its end they are records without fields."""
    filled = len(text.rstrip(b"\r\n"))
    # the line that the last byte of any record stands in is the last that is kept
    return ends[: np.searchsorted(ends, filled) + 1] if filled else ends[:0]


def _misshapen(starts: Positions, ends: Positions, separators: Positions, width: int) -> Flags:
    inner = width - 1
    if inner and len(separators) == len(ends) * inner:
        grid = separators.reshape(-1, inner)
        if (grid[:, 0] >= starts).all() and (grid[:, -1] < ends).all():
            return np.zeros(len(ends), np.bool_)
    counts = np.diff(np.searchsorted(separators, ends), prepend=0)
    misshapen: Flags = counts != inner
    return misshapen


def _clean(
    text: bytes,
    codes: NDArray[np.uint8],
    starts: Positions,
    ends: Positions,
    bad: Flags,
    literal: list[int],
    separator: int,
) -> bytes:
    """The good records with bare newlines at their ends and every quote a proper one."""
    size = len(text)
    returns = ends[(ends > starts) & (codes[ends - 1] == _RETURN)] - 1
    if not (len(returns) or literal or bad.any()):
        whole = text[: ends[-1] + 1]
        return whole if ends[-1] < size else whole + b"\n"
    keep = np.ones(size, np.bool_)
    keep[returns] = False
    for i in np.flatnonzero(bad):
        keep[starts[i] : ends[i] + 1] = False
    parts = []
    done = 0
    for start in literal:
        end = int(ends[np.searchsorted(starts, start)])
        parts.append(codes[done:start][keep[done:start]].tobytes())
        parts.append(_requoted(text[start:end].removesuffix(b"\r"), separator))
        done = min(end, size)
    stop = min(int(ends[-1]) + 1, size)
    parts.append(codes[done:stop][keep[done:stop]].tobytes())
    clean = b"".join(parts)
    return clean if not clean or clean.endswith(b"\n") else clean + b"\n"


def _requoted(record: bytes, separator: int) -> bytes:
    fields = []
    for begin, end in _Record(record, 0, separator).fields:
        field = record[begin:end]
        if QUOTE in field and not field.startswith(QUOTE):
            field = QUOTE + field.replace(QUOTE, QUOTE * 2) + QUOTE
        fields.append(field)
    return bytes([separator]).join(fields)


def _structural_quotes(text: bytes, codes: NDArray[np.uint8], separator: int, final: bool) -> _Quotes:
    """Take every quote as opening and closing in turn; walk the text only if that cannot be right."""
    quotes = _positions(codes, _QUOTE)
    adjacent = np.diff(quotes) == 1
    around = np.frombuffer(b"\n" + text + b"\n\n", np.uint8)
    before, after = around[quotes], around[quotes + 2]
    opening = (before == separator) | (before == _NEWLINE)
    opening[1:] |= adjacent
    closing = (after == separator) | (after == _NEWLINE)
    closing |= (after == _RETURN) & (around[quotes + 3] == _NEWLINE)
    closing[:-1] |= adjacent
    is_open = len(quotes) % 2 == 1
    endless = is_open and (final or len(text) - int(quotes[-1]) > MAX_FIELD_BYTES)
    if opening[::2].all() and closing[1::2].all() and not endless:
        return _Quotes(quotes, [], [])
    return _walk(text, separator, final)


def _walk(text: bytes, separator: int, final: bool) -> _Quotes:
    """Read every record that has a quote, one by one."""
    positions: list[int] = []
    malformed: list[int] = []
    literal: list[int] = []
    at = 0
    while (quote := text.find(QUOTE, at)) >= 0:
        start = text.rfind(b"\n", at, quote) + 1 or at
        record = _Record(text, start, separator)
        if record.unclosed is not None and not final and len(text) - record.unclosed <= MAX_FIELD_BYTES:
            positions += [*record.quotes, record.unclosed]
            break
        if record.is_malformed:
            malformed.append(start)
            at = text.find(b"\n", start) + 1 or len(text)
            continue
        positions += record.quotes
        if record.is_literal:
            literal.append(start)
        at = record.end
    return _Quotes(np.array(positions, np.int64), malformed, literal)


class _Record:
    """One record, read field by field.

    Attributes:
        end: Where the next record starts.
        quotes: Quotes that open and close a field.
        unclosed: The quote that opens a field and finds no other.
    """

    def __init__(self, text: bytes, start: int, separator: int) -> None:
        self.quotes: list[int] = []
        self.fields: list[tuple[int, int]] = []
        self.unclosed: int | None = None
        self.is_malformed = False
        self.is_literal = False
        delimiter = bytes([separator])
        size = len(text)
        newline = text.find(b"\n", start)
        newline = size if newline < 0 else newline
        at = start
        while True:
            if text[at : at + 1] == QUOTE:
                stop = self._closing_quote(text, at) + 1
                if not stop:
                    break
                if newline < stop:
                    newline = text.find(b"\n", stop)
                    newline = size if newline < 0 else newline
            else:
                stop = text.find(delimiter, at, newline)
                stop = newline if stop < 0 else stop
                self.is_literal |= QUOTE in text[at:stop]
            self.fields.append((at, stop))
            if stop >= newline or text[stop : stop + 2] in (b"\r\n", b"\r"):
                break
            if text[stop : stop + 1] != delimiter:
                self.is_malformed = True
                break
            at = stop + 1
        self.end = min(newline + 1, size)

    def _closing_quote(self, text: bytes, opening: int) -> int:
        at = opening + 1
        while True:
            quote = text.find(QUOTE, at, opening + MAX_FIELD_BYTES)
            if quote < 0:
                self.unclosed = opening
                self.is_malformed = True
                return -1
            if text[quote + 1 : quote + 2] != QUOTE:
                self.quotes += [opening, quote]
                return quote
            at = quote + 2
