"""Whatever a file was written as, the same rows are read from it."""

import itertools
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.model import Column
from orchestration.ingestion import decoding
from orchestration.ingestion.decoding import UNDECODABLE, UnreadableFileError
from orchestration.ingestion.manifest import Format
from orchestration.ingestion.reader import read_file
from orchestration.ingestion.records import split_records
from tests.support.handmade import compress, csv_text

NAMES = ("a", "b", "c")
COLUMNS = tuple(Column(name=n, type="text", zh="", about="", pfi="none") for n in NAMES)
DELIMITERS = [",", "|", "|@|", "\x01", "\t", "§", "||"]
AWKWARD = [
    ["0001", "plain", "x"],
    ["0002", "亅一丨亜", None],  # GB18030 of the first ends in 0x7C, a pipe
    ["0003", 'says "hi", then\r\nleaves', "a|b|@|c\x01d\t§||"],
    ["0004", '"', '""'],
    ["0005", "\n", " spaced "],
    ["0006", None, None],
    [None, None, None],
    ["0007", "𠮷😀", "null"],
    ["\ufeff0008", "|@", "|"],
]  # fmt: skip


def layout(delimiter=",", encoding="utf-8", header=False, compression="none"):
    return Format(kind="csv", delimiter=delimiter, encoding=encoding, header=header, compression=compression)


def read(path: Path, form: Format, columns=COLUMNS):
    chunks = list(read_file(path, form, columns))
    rows = pl.concat([chunk.rows for chunk in chunks])
    misshapen = pl.concat([chunk.misshapen for chunk in chunks])
    return rows, misshapen


def values(rows: pl.DataFrame):
    return [list(row) for row in rows.select(NAMES).rows()]


def written(tmp_path: Path, content: bytes, name="file.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("block_bytes", [7, 64, 2**20])
@pytest.mark.parametrize(
    ("delimiter", "encoding", "header", "compression", "end"),
    list(
        itertools.product(
            DELIMITERS, ["utf-8", "gb18030"], [False, True], ["none", "gzip", "zstd"], ["\n", "\r\n"]
        )
    ),
)
def test_every_layout_gives_the_same_rows(
    tmp_path, monkeypatch, block_bytes, delimiter, encoding, header, compression, end
):
    monkeypatch.setattr(decoding, "BLOCK_BYTES", block_bytes)
    text = csv_text(([list(NAMES)] if header else []) + AWKWARD, delimiter, end)
    path = written(tmp_path, compress(text.encode(encoding), compression))
    rows, misshapen = read(path, layout(delimiter, encoding, header, compression))
    assert values(rows) == AWKWARD
    assert misshapen.is_empty()
    assert rows["source_row"].to_list() == list(range(1, len(AWKWARD) + 1))


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\n"])
@pytest.mark.parametrize("header", [False, True])
def test_an_empty_file_has_no_rows(tmp_path, content, header):
    rows, misshapen = read(written(tmp_path, content), layout())
    assert rows.is_empty()
    assert misshapen.is_empty()


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_compressed_file_may_have_several_members(tmp_path, compression):
    parts = compress(b"1,2,3\n4,5", compression) + compress(b",6\n", compression)
    rows, _ = read(written(tmp_path, parts), layout(compression=compression))
    assert values(rows) == [["1", "2", "3"], ["4", "5", "6"]]


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_truncated_or_wrong_compression_is_unreadable(tmp_path, compression):
    content = compress(b"1,2,3\n" * 1000, compression)
    for broken in (content[:-3], b"1,2,3\n" * 10):
        with pytest.raises(UnreadableFileError):
            read(written(tmp_path, broken), layout(compression=compression))


@pytest.mark.parametrize("bom", ["\ufeff", ""])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("header", [False, True])
def test_byte_order_mark_and_missing_last_newline(tmp_path, bom, encoding, header):
    text = bom + ("a,b,c\r\n" if header else "") + '1,"2",3\r\n4,5,"六"'
    rows, _ = read(written(tmp_path, text.encode(encoding)), layout(encoding=encoding, header=header))
    assert values(rows) == [["1", "2", "3"], ["4", "5", "六"]]


def test_a_header_may_reorder_and_add_columns(tmp_path):
    path = written(tmp_path, b'C,"new",a, b ,new\n3,x,1,2,y\n')
    (chunk,) = read_file(path, layout(header=True), COLUMNS)
    assert values(chunk.rows) == [["1", "2", "3"]]
    assert len(chunk.unknown_columns) == 2


@pytest.mark.parametrize("header", [b"a,c", b"a,b,B,c", b"1,2,3"])
def test_a_header_must_have_every_column_once(tmp_path, header):
    with pytest.raises(UnreadableFileError) as error:
        read(written(tmp_path, header + b"\n1,2,3\n"), layout(header=True))
    assert error.value.check_code == "column_missing"


@pytest.mark.parametrize("block_bytes", [5, 2**20])
def test_rows_of_another_width_are_set_apart(tmp_path, monkeypatch, block_bytes):
    monkeypatch.setattr(decoding, "BLOCK_BYTES", block_bytes)
    text = b'1,2,3\n4,5\n\n6,7,8,9\r\n"x\ny",2,3\n,,\n"u\nv",2\n7,8,9\n\n\n'
    rows, misshapen = read(written(tmp_path, text), layout())
    assert rows["source_row"].to_list() == [1, 5, 6, 8]
    assert values(rows)[1] == ["x\ny", "2", "3"]
    assert misshapen.rows() == [(2, "4,5"), (3, ""), (4, "6,7,8,9"), (7, '"u\nv",2')]


@pytest.mark.parametrize("block_bytes", [5, 2**20])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_stray_quote_costs_one_line(tmp_path, monkeypatch, block_bytes, end):
    monkeypatch.setattr(decoding, "BLOCK_BYTES", block_bytes)
    lines = [
        '1,5" pipe,x',
        '2,"Lucky" shop,x',
        '3,"a ""b"" c",x',
        '4,"never closed,x',
        '5,""x"",y',
        '6,"two',
        'lines",x"',
        '7,ok,"z"',
    ]
    rows, misshapen = read(written(tmp_path, end.join(lines).encode()), layout())
    assert values(rows) == [
        ["1", '5" pipe', "x"],
        ["3", 'a "b" c', "x"],
        ["6", f"two{end}lines", 'x"'],
        ["7", "ok", "z"],
    ]
    assert [row for row, _ in misshapen.rows()] == [2, 4, 5]


def test_a_quote_left_open_ends_at_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr("orchestration.ingestion.records.MAX_FIELD_BYTES", 50)
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 30)
    text = b'1,"open,x\n' + b"2,b,c\n" * 40
    rows, misshapen = read(written(tmp_path, text), layout())
    assert rows.height == 40
    assert misshapen.rows() == [(1, '1,"open,x')]


def test_bytes_that_are_no_text_are_marked_and_cost_no_neighbour(tmp_path):
    bad = b"1,\xff\xfe,x\n2,\xd5,x\n3,ok,x\n"
    for encoding in ("utf-8", "gb18030"):
        rows, _ = read(written(tmp_path, bad), layout(encoding=encoding))
        # 0xD5 takes the comma for no second byte in either encoding
        assert rows["b"].str.contains(UNDECODABLE, literal=True).to_list() == [True, True, False]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_the_replacement_character_is_text_beside_bytes_that_are_none(tmp_path, encoding):
    sent = "1,\ufffd,x\n".encode(encoding)
    rows, _ = read(written(tmp_path, sent), layout(encoding=encoding))
    assert values(rows) == [["1", "\ufffd", "x"]]
    rows, _ = read(written(tmp_path, sent + b"2,\xff,x\n"), layout(encoding=encoding))
    assert rows["b"].to_list() == ["\ufffd", UNDECODABLE]


def test_a_file_without_line_ends_is_no_csv(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "BLOCK_BYTES", 10)
    monkeypatch.setattr(decoding, "MAX_RECORD_BYTES", 20)
    with pytest.raises(UnreadableFileError):
        read(written(tmp_path, b"x" * 100), layout())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"1,a,x\n" + b"\r\n" * 400, "of empty lines"),
        (b"1,a,x\n" + b'"\n",' * 400, "a record of more than"),
    ],
)
def test_what_does_not_end_is_not_looked_through_again_and_again(tmp_path, monkeypatch, text, told):
    # 64 MiB of either, some hundred KiB packed, took minutes: each slice was read with all slices before it
    monkeypatch.setattr(decoding, "CELLS_PER_BLOCK", 80)
    monkeypatch.setattr(decoding, "MAX_RECORD_BYTES", 200)
    monkeypatch.setattr(decoding, "MAX_EMPTY_BYTES", 100)
    with pytest.raises(UnreadableFileError, match=told):
        read(written(tmp_path, text), layout())


def test_some_empty_lines_at_the_end_are_none(tmp_path, monkeypatch):
    monkeypatch.setattr(decoding, "CELLS_PER_BLOCK", 80)
    rows, misshapen = read(written(tmp_path, b"1,a,x\n" + b"\n" * 400), layout())
    assert (rows.height, misshapen.height) == (1, 0)


def test_every_control_character_can_be_text_beside_a_long_delimiter(tmp_path):
    text = bytes(range(1, 10)) + b"|@|" + bytes([*range(11, 13), *range(14, 31)]) + b"|@|x\n"
    rows, _ = read(written(tmp_path, text), layout("|@|"))
    assert rows.height == 1
    with pytest.raises(UnreadableFileError):
        read(written(tmp_path, bytes(range(1, 128))), layout("|@|"))


texts = st.text(
    st.one_of(st.sampled_from('"\n\r,|@\x01\x1f亅丨中 '), st.characters(exclude_categories=["Cs"])),
    max_size=8,
).filter(lambda value: UNDECODABLE not in value)
tables = st.lists(
    st.lists(st.one_of(st.none(), texts.filter(bool)), min_size=3, max_size=3), min_size=1, max_size=12
)


@settings(max_examples=150, deadline=None)
@given(
    rows=tables,
    delimiter=st.sampled_from([",", "|", "|@|", "\x01", "||"]),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
    end=st.sampled_from(["\n", "\r\n"]),
    block_bytes=st.integers(1, 60),
)
def test_what_is_written_is_read(tmp_path_factory, rows, delimiter, encoding, end, block_bytes):
    if rows[0][0] is not None and rows[0][0].startswith("\ufeff"):
        rows[0][0] = "x"  # cannot be told from a mark at the start of a file
    path = written(tmp_path_factory.mktemp("f"), csv_text(rows, delimiter, end).encode(encoding))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "BLOCK_BYTES", block_bytes)
        found, misshapen = read(path, layout(delimiter, encoding))
    assert values(found) == rows
    assert misshapen.is_empty()


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.sampled_from('"\n\r,a|'), max_size=40), block_bytes=st.integers(1, 40))
@example(text="\n\r", block_bytes=1)
@example(text="a,a\n\n\na,a\n\n", block_bytes=4)
def test_no_text_is_lost_and_blocks_make_no_difference(tmp_path_factory, text, block_bytes):
    path = written(tmp_path_factory.mktemp("f"), text.encode())
    whole = read(path, layout())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "BLOCK_BYTES", block_bytes)
        parts = read(path, layout())
    assert parts[0].equals(whole[0])
    assert parts[1].equals(whole[1])
    numbers = sorted([*whole[0]["source_row"], *whole[1]["source_row"]])
    assert numbers == list(range(1, len(numbers) + 1))
    letters = whole[0].select(pl.concat_str(pl.col(NAMES).fill_null(""))).to_series().to_list()
    kept = "".join([*letters, *whole[1]["record"].to_list()])
    assert kept.count("a") == text.count("a")


def test_separators_inside_quotes_do_not_split():
    records = split_records(b'"a,b",c\nx,y\n', ord(","), 2, final=False)
    assert (records.count, records.rows, records.quoted) == (2, None, True)


def parquet(tmp_path, **columns) -> Path:
    path = tmp_path / "file.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def text_of(tmp_path, column_type, array):
    columns = (Column(name="a", type=column_type, zh="", about="", pfi="none"),)
    (chunk,) = read_file(parquet(tmp_path, a=array), Format(kind="parquet"), columns)
    return chunk.rows["a"].to_list()


EXACT = [
    ("id", pa.array(["001", "", None]), ["001", None, None]),
    ("id", pa.array(["001"], pa.large_string()), ["001"]),
    ("id", pa.array(["001", "001"]).dictionary_encode(), ["001", "001"]),
    ("id", pa.array([b"001"], pa.binary()), ["001"]),
    ("text", pa.array([b"a\xff"], pa.binary()), [f"a{UNDECODABLE}"]),
    ("text", pa.array(["a\ufffd"]), ["a\ufffd"]),
    ("id", pa.array([1, None], pa.int64()), ["1", None]),
    ("id", pa.array([12], pa.decimal128(20, 0)), ["12"]),
    ("money", pa.array(["1.20", "-0.05"]).cast(pa.decimal128(18, 2)), ["1.20", "-0.05"]),
    ("money", pa.array(["0.00000001"]).cast(pa.decimal128(38, 10)), ["0.0000000100"]),
    ("money", pa.array(["1.20"]).cast(pa.decimal256(40, 2)), ["1.20"]),
    ("money", pa.array([5], pa.int32()), ["5"]),
    ("money", pa.array([None], pa.null()), [None]),
    ("boolean", pa.array([True, False, None]), ["true", "false", None]),
    ("boolean", pa.array([1, 0], pa.int8()), ["1", "0"]),
    ("date", pa.array([0], pa.date32()), ["1970-01-01"]),
    ("date", pa.array([86400000], pa.date64()), ["1970-01-02"]),
    ("date", pa.array([0, 1], pa.timestamp("s")), ["1970-01-01", "1970-01-01T00:00:01.000000"]),
    ("timestamp", pa.array([1500], pa.timestamp("ms")), ["1970-01-01T00:00:01.500000"]),
    ("timestamp", pa.array([0], pa.timestamp("us", "Asia/Shanghai")), ["1970-01-01T00:00:00.000000Z"]),
    ("integer", pa.array([360], pa.int16()), ["360"]),
]


@pytest.mark.parametrize(
    ("column_type", "array", "expected"), EXACT, ids=lambda v: str(getattr(v, "type", ""))
)
def test_parquet_types_are_read_exactly(tmp_path, column_type, array, expected):
    assert text_of(tmp_path, column_type, array) == expected


@pytest.mark.parametrize(
    ("column_type", "array"),
    [
        ("money", pa.array([1.5])),
        ("rate", pa.array([1.5], pa.float32())),
        ("id", pa.array([1.0])),
        ("date", pa.array([0], pa.timestamp("us", "UTC"))),
        ("timestamp", pa.array([0], pa.date32())),
        ("text", pa.array([["a"]])),
    ],
)
def test_inexact_parquet_types_are_refused(tmp_path, column_type, array):
    with pytest.raises(UnreadableFileError) as error:
        text_of(tmp_path, column_type, array)
    assert error.value.check_code == "column_type"


FAR = [
    (pa.date32(), "day", (-719_163, 2_932_897, 20_261_031, 2**31 - 1, -(2**31))),
    (pa.timestamp("ms"), "ms", (2**62, -(2**62))),
    (pa.timestamp("us"), "us", (2**62, -(2**62))),
    (pa.timestamp("us", "UTC"), "us", (2**62,)),
]
"""Days and instants outside the years 1 to 9999."""


@pytest.mark.parametrize(("kind", "unit", "numbers"), FAR, ids=str)
def test_parquet_dates_that_no_calendar_has_are_no_dates(tmp_path, kind, unit, numbers):
    column = Column(name="a", type="date" if unit == "day" else "timestamp", zh="", about="", pfi="none")
    array = pa.array([*numbers, 0, None], pa.int32() if unit == "day" else pa.int64()).view(kind)
    path = tmp_path / "far.parquet"
    pq.write_table(pa.table({"a": array}), path)

    (chunk,) = read_file(path, Format(kind="parquet"), (column,))

    *far, today, none = chunk.rows["a"].to_list()
    assert far == [f"{unit} {number}" for number in numbers]
    assert today.startswith("1970-01-01") and none is None


def test_parquet_is_read_by_parts_with_running_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr("orchestration.ingestion.reader.CELLS_PER_BATCH", 9)
    path = parquet(tmp_path, C=list("abcdefgh"), b=["x"] * 8, a=["y"] * 8, d=[1.5] * 8)
    chunks = list(read_file(path, Format(kind="parquet"), COLUMNS))
    assert [chunk.count for chunk in chunks] == [3, 3, 2]
    assert [n for chunk in chunks for n in chunk.rows["source_row"]] == list(range(1, 9))
    assert chunks[0].unknown_columns == ("d",)
    assert values(chunks[0].rows)[0] == ["y", "x", "a"]


def test_parquet_without_rows_keeps_its_columns(tmp_path):
    (chunk,) = read_file(parquet(tmp_path, a=pa.array([], pa.string())), Format(kind="parquet"), COLUMNS[:1])
    assert chunk.count == 0


def test_no_parquet_at_all(tmp_path):
    with pytest.raises(UnreadableFileError):
        read(written(tmp_path, b"PAR1 nothing PAR1"), Format(kind="parquet"))


WITH_OPTIONAL = (*COLUMNS[:2], COLUMNS[2].model_copy(update={"optional": True, "nullable": True}))
LATER = (*WITH_OPTIONAL, Column(name="op", type="code", zh="", about="", pfi="none"))


@pytest.mark.parametrize("header", [False, True])
def test_a_file_may_lack_an_optional_column(tmp_path, header):
    text = csv_text([*([["a", "b"]] if header else []), ["1", "x"], ["2", None]])
    rows, misshapen = read(written(tmp_path, text.encode()), layout(header=header), WITH_OPTIONAL)
    assert values(rows) == [["1", "x", None], ["2", None, None]]
    assert misshapen.is_empty()


@pytest.mark.parametrize("header", [False, True])
def test_a_file_may_have_an_optional_column(tmp_path, header):
    text = csv_text([*([list(NAMES)] if header else []), ["1", "x", "y"], ["2", None, None], ["3"]])
    rows, misshapen = read(written(tmp_path, text.encode()), layout(header=header), WITH_OPTIONAL)
    assert values(rows) == [["1", "x", "y"], ["2", None, None]]
    assert misshapen["source_row"].to_list() == [3]


def test_the_operation_of_a_delta_without_header_comes_last_with_or_without_an_optional_column(tmp_path):
    for record, expected in ((["1", "x", "U"], ["1", "x", None, "U"]), (["1", "x", "y", "U"],) * 2):
        rows, misshapen = read(written(tmp_path, csv_text([record]).encode()), layout(), LATER)
        assert list(rows.drop("source_row").row(0)) == expected
        assert misshapen.is_empty()


def test_parquet_may_lack_an_optional_column_but_no_other(tmp_path):
    path = tmp_path / "file.parquet"
    form = Format(kind="parquet")
    pq.write_table(pa.table({"b": ["x"], "a": ["1"]}), path)
    rows, _ = read(path, form, WITH_OPTIONAL)
    assert values(rows) == [["1", "x", None]]
    with pytest.raises(UnreadableFileError) as error:
        read(path, form)
    assert (error.value.check_code, error.value.column) == ("column_missing", "c")
