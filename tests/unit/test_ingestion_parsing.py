"""What a text means as each type of the contract, and which rule it breaks."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.model import Column, Table
from orchestration.ingestion.decoding import UNDECODABLE
from orchestration.ingestion.parsing import Typing, parsed, shape_violations
from tests.support.handmade import DAY

ZONE = "Asia/Shanghai"


def column(column_type, **more):
    return Column(name="c", type=column_type, zh="", about="", pfi="none", nullable=True, **more)


def value_of(text, column_type, zone=ZONE):
    frame = pl.DataFrame({"c": [text, None]}, schema={"c": pl.String})
    found, nothing = frame.select(parsed(pl.col("c"), column(column_type), zone)).to_series().to_list()
    assert nothing is None
    return found


@pytest.mark.parametrize(
    ("column_type", "text", "expected"),
    [
        ("money", "12.34", "12.34"),
        ("money", "-12.3", "-12.30"),
        ("money", "+7", "7.00"),
        ("money", ".5", "0.50"),
        ("money", "-.50", "-0.50"),
        ("money", "5.", "5.00"),
        ("money", "0012.50", "12.50"),
        ("money", "1.230000000000", "1.23"),
        ("money", "9999999999999999.99", "9999999999999999.99"),
        ("rate", "0.0250000", "0.025000"),
        ("rate", "999.999999", "999.999999"),
        ("ratio", "1", "1.00000"),
        ("quantity", "1234567890123456.0001", "1234567890123456.0001"),
    ],
)
def test_exact_decimals(column_type, text, expected):
    found = value_of(text, column_type)
    assert (found, str(found)) == (Decimal(expected), expected)


@pytest.mark.parametrize(
    ("column_type", "text"),
    [
        *(("money", text) for text in (
            "1.239", "1e5", "1,000.00", " 1", "1 ", "--1", "1-", ".", "-", "+", "NaN", "inf", "１２", "0x10",
            "¥1", "99999999999999999.99", "10000000000000000.00", "1.2.3", "1_000", "12\n", "None",
        )),
        ("rate", "0.0000001"),
        ("rate", "1000"),
        ("ratio", "10"),
        ("ratio", "0.000001"),
        ("integer", "1.5"),
        ("integer", "2147483648"),
        ("integer", "1e2"),
        ("integer", "٣"),
        *(("boolean", text) for text in ("yes", "2", "T", "是", " true")),
        *(("date", text) for text in (
            "2026-2-3", "20260203", "2026-02-30", "2026/02/03", "03-02-2026", "2026-02-03 ",
            "2026-02-03T00:00:00", "+2026-02-03", "10000-01-01", "2026-02-29",
        )),
        *(("timestamp", text) for text in (
            "2026-02-03", "2026-02-03 24:00:00", "2026-02-03 10:00:60", "2026-02-03 10:60:00",
            "2026-02-03  10:00:00", "2026-02-03T10", "2026-02-03T10:00:00 +08:00", "2026-02-30T10:00:00",
            "2026-02-03T10:00:00+8", "2026-02-03T10:00:00CST",
        )),
    ],
)  # fmt: skip
def test_what_is_no_value_of_the_type(column_type, text):
    assert value_of(text, column_type) is None


@pytest.mark.parametrize(
    ("column_type", "text", "expected"),
    [
        ("integer", "-3", -3),
        ("integer", "30.00", 30),
        ("integer", "007", 7),
        *(("boolean", text, True) for text in ("true", "TRUE", "1", "Y", "y")),
        *(("boolean", text, False) for text in ("false", "False", "0", "N", "n")),
        ("date", "2024-02-29", date(2024, 2, 29)),
        ("date", "9999-12-31", date(9999, 12, 31)),
        ("timestamp", "2026-02-03T10:00:00+08:00", datetime(2026, 2, 3, 2)),
        ("timestamp", "2026-02-03T10:00:00Z", datetime(2026, 2, 3, 10)),
        ("timestamp", "2026-02-03 10:00:00-0330", datetime(2026, 2, 3, 13, 30)),
        ("timestamp", "2026-02-03 10:00:00+08", datetime(2026, 2, 3, 2)),
        ("timestamp", "2026-02-03 10:00", datetime(2026, 2, 3, 2)),
        ("timestamp", "2026-01-01 00:00:00.123456", datetime(2025, 12, 31, 16, 0, 0, 123456)),
        ("timestamp", "2026-01-01T00:00:00.1234567Z", datetime(2026, 1, 1, 0, 0, 0, 123456)),
        # Shanghai put its clocks back that night: the earlier of two hours
        ("timestamp", "1986-09-14 01:30:00", datetime(1986, 9, 13, 16, 30)),
        ("id", "00012", "00012"),
        ("text", " 中 ", " 中 "),
    ],
)
def test_other_values(column_type, text, expected):
    assert value_of(text, column_type) == expected


def test_an_hour_that_the_clocks_skipped_is_no_time():
    assert value_of("1986-05-04 02:30:00", "timestamp") is None


def test_time_without_offset_is_the_banks():
    assert value_of("2026-07-01 12:00:00", "timestamp", "Europe/London") == datetime(2026, 7, 1, 11)


@given(st.decimals(min_value=-(10**16) + 1, max_value=10**16 - 1, places=2))
def test_money_is_never_changed(amount):
    assert value_of(f"{amount:f}", "money") == amount


@given(st.text(st.sampled_from("0123456789.+-eE, "), max_size=12))
def test_money_is_what_decimal_says_or_nothing(text):
    found = value_of(text, "money")
    if found is not None:
        assert found == Decimal(text)


TABLE = Table(
    name="sample",
    zh="",
    kind="D",
    importance="general",
    about="",
    columns=(
        Column(name="id", type="id", zh="", about="", pfi="none", key=True),
        Column(name="day", type="date", zh="", about="", pfi="none", key=True),
        Column(name="amount", type="money", zh="", about="", pfi="none", minimum="0"),
        Column(name="grade", type="code", zh="", about="", pfi="none", nullable=True, values=("a", "b")),
        Column(
            name="basis", type="integer", zh="", about="", pfi="none", nullable=True, values=("360", "365")
        ),
        Column(name="opened", type="date", zh="", about="", pfi="none", nullable=True, past=True),
        Column(name="seen", type="timestamp", zh="", about="", pfi="none", nullable=True, past=True),
        Column(name="weight", type="rate", zh="", about="", pfi="none", default="1"),
        Column(name="flag", type="boolean", zh="", about="", pfi="none", default="false"),
        Column(name="closed", type="date", zh="", about="", pfi="none", nullable=True, open_dates="empty"),
        Column(
            name="revoked", type="timestamp", zh="", about="", pfi="none", nullable=True, open_dates="empty"
        ),
        Column(name="since", type="date", zh="", about="", pfi="none", past=True, open_dates="start"),
        Column(name="until", type="date", zh="", about="", pfi="none", open_dates="end"),
        Column(name="phone", type="text", zh="", about="", pfi="C2", nullable=True, private="number"),
        Column(name="remark", type="text", zh="", about="", pfi="none", nullable=True),
    ),
)
GOOD = {
    "id": "1", "day": "2026-10-01", "amount": "5", "grade": "a", "basis": "360", "opened": "2026-10-31",
    "seen": "2026-10-31T08:30:00+08:00", "weight": "0.5", "flag": "Y",
    "closed": None, "revoked": None, "since": "2026-01-01", "until": "2027-01-01",
    "phone": None, "remark": None,
}  # fmt: skip


def apply(*rows, is_delta=False, summed=()):
    names = [*TABLE.column_names, *(["op"] if is_delta else [])]
    frame = pl.DataFrame(
        [[row[n] for n in names] for row in rows], schema=dict.fromkeys(names, pl.String), orient="row"
    )
    frame = frame.with_columns(source_row=pl.int_range(1, frame.height + 1))
    return Typing(TABLE, is_delta, DAY, ZONE, summed).apply(frame)


def test_a_good_row_is_typed_and_a_full_load_inserts():
    typed = apply(GOOD)
    assert typed.quarantined == {}
    assert typed.violations.is_empty()
    (row,) = typed.accepted.rows(named=True)
    assert row["op"] == "I"
    assert (row["amount"], row["basis"], row["flag"]) == (Decimal("5.00"), 360, True)


def test_an_empty_field_means_its_default():
    (row,) = apply(GOOD | {"weight": None, "flag": None}).accepted.rows(named=True)
    assert (row["weight"], row["flag"]) == (Decimal("1.000000"), False)


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("id", None, "value_missing"),
        ("id", f"1{UNDECODABLE}", "text_undecodable"),
        ("amount", None, "value_missing"),
        ("amount", f"5{UNDECODABLE}", "text_undecodable"),
        ("amount", "five", "value_not_parsed"),
        ("amount", "-0.01", "value_below_minimum"),
        ("grade", "A", "value_not_in_list"),
        ("grade", " a", "value_not_in_list"),
        ("id", "  ", "value_missing"),
        ("basis", "366", "value_not_in_list"),
        ("basis", "x", "value_not_parsed"),
        ("day", "1899-12-31", "date_out_of_range"),
        ("opened", "2026-11-01", "date_out_of_range"),
        ("opened", "0001-01-01", "date_out_of_range"),
        ("seen", "2026-11-01T00:00:00Z", "date_out_of_range"),
        ("seen", "1899-12-31T00:00:00Z", "date_out_of_range"),
        # an hour after midnight of the day after the business date, by the bank's clock
        ("seen", "2026-10-31T17:00:00Z", "date_out_of_range"),
        ("weight", "half", "value_not_parsed"),
        ("flag", "maybe", "value_not_parsed"),
    ],
)
def test_each_rule(name, text, rule):
    typed = apply(GOOD, GOOD | {name: text})
    assert typed.quarantined == {rule: 1}
    assert typed.accepted["source_row"].to_list() == [1]
    (violation,) = typed.violations.rows(named=True)
    assert (violation["source_row"], violation["column_name"], violation["value"]) == (2, name, text)


def test_a_row_is_counted_once_per_rule_and_named_once_per_column():
    typed = apply(GOOD | {"amount": "x", "weight": "y", "grade": "z"})
    assert typed.quarantined == {"value_not_in_list": 1, "value_not_parsed": 1}
    assert typed.violations["column_name"].to_list() == ["amount", "grade", "weight"]
    assert typed.violations["row_key"].unique().to_list() == ["1|2026-10-01"]
    assert '"amount":"x"' in typed.violations["record"][0]


def test_a_deleted_row_needs_its_key_only():
    nothing = dict.fromkeys(GOOD, None) | {"id": "1", "day": "2026-10-01", "amount": "x", "op": "D"}
    assert apply(nothing, is_delta=True).quarantined == {}
    assert apply(nothing | {"op": "U"}, is_delta=True).accepted.is_empty()
    assert apply(nothing | {"day": None}, is_delta=True).quarantined == {"value_missing": 1}


@pytest.mark.parametrize(("op", "rule"), [("X", "value_not_in_list"), (None, "value_missing")])
def test_the_kind_of_change_is_judged(op, rule):
    typed = apply(GOOD | {"op": op}, is_delta=True)
    assert typed.quarantined == {rule: 1}
    assert typed.violations["column_name"].to_list() == ["op"]


def test_totals_are_exact_over_all_rows_that_parse():
    rows = [GOOD | {"amount": a, "basis": b} for a, b in [("0.10", "360"), ("-0.30", "365"), ("x", None)]]
    sums = apply(*rows, summed=("amount", "basis")).sums
    assert sums == {"amount": Decimal("-0.2"), "basis": Decimal(725)}
    huge = apply(*[GOOD | {"amount": "9999999999999999.99"}] * 5, summed=("amount",)).sums
    assert huge == {"amount": Decimal("49999999999999999.95")}
    assert apply(summed=("amount",)).sums == {"amount": Decimal(0)}


def test_a_misshapen_record_is_kept_as_it_was_sent():
    violations = shape_violations(pl.DataFrame({"source_row": [4], "record": ['a,"b\n']}))
    assert violations["record"].to_list() == ['{"record":"a,\\"b\\n"}']


def test_of_a_text_that_is_no_value_the_length_is_kept():
    # escaped, it would take six times its room, and cut it could name a customer whom nobody finds in it
    violations = shape_violations(pl.DataFrame({"source_row": [4], "record": ["\0" * 50_000]}))
    assert violations["record"].to_list() == ['{"record":"… 50000 bytes"}']


def test_the_replacement_character_may_be_text_that_somebody_sent():
    typed = apply(GOOD | {"id": "1\ufffd", "remark": "\ufffd"})
    assert typed.quarantined == {}
    assert typed.accepted["id"].to_list() == ["1\ufffd"]


@pytest.mark.parametrize(
    "text", ["9999-12-31", "9999-12-30", "2999-12-31", "3000-01-01", "2099-12-31", "1900-01-01", "0001-01-01"]
)
def test_a_day_that_means_none_is_empty_where_the_contract_says_so(text):
    typed = apply(GOOD | {"closed": text}, GOOD | {"closed": "2026-10-02"}, GOOD)
    assert typed.accepted["closed"].to_list() == [None, date(2026, 10, 2), None]
    assert (typed.open_dates, typed.quarantined) == ({"closed": 1}, {})


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("since", "0001-01-01", date(1900, 1, 1)),
        ("since", "1900-01-01", date(1900, 1, 1)),
        *(
            ("until", text, date(9999, 12, 31))
            for text in ("0001-01-01", "1900-01-01", "2099-12-31", "2999-01-01")
        ),
    ],
)
def test_an_open_start_or_end_of_what_must_have_one_is_kept_in_one_word(name, text, kept):
    typed = apply(GOOD | {name: text}, GOOD)
    assert typed.accepted[name].to_list() == [kept, date.fromisoformat(GOOD[name])]
    assert (typed.open_dates, typed.quarantined) == ({name: 1}, {})


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59", "9999-12-31 00:00:00", "9999-12-31T23:59:59+08:00", "9999-12-31T23:59:59Z",
        # 9999-12-31 and 0001-01-01 in Shanghai, as a Parquet file in UTC has them
        "9999-12-30T16:00:00.000000Z", "0000-12-31T16:00:00.000000Z",
        "0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01 08:00:00+08:00",
        "2999-12-31T23:59:59", "2998-12-31T16:00:00Z", "2099-12-31T00:00:00", "1900-01-01T00:00:00",
    ],
)  # fmt: skip
def test_an_instant_of_a_day_that_means_none_is_empty(text):
    typed = apply(GOOD | {"revoked": text}, GOOD | {"revoked": "2026-10-02T10:00:00"})
    assert typed.accepted["revoked"].to_list() == [None, datetime(2026, 10, 2, 2)]
    assert (typed.open_dates, typed.quarantined) == ({"revoked": 1}, {})


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("opened", "9999-12-31", "date_out_of_range"),
        ("day", "0001-01-01", "date_out_of_range"),
        ("closed", "9999-12-31x", "value_not_parsed"),
        ("closed", "0001-01-02", "date_out_of_range"),
        ("since", "0001-01-02", "date_out_of_range"),
        ("since", "9999-12-31", "date_out_of_range"),
        ("since", None, "value_missing"),
        ("until", None, "value_missing"),
        ("until", "0001-01-02", "date_out_of_range"),
        ("closed", "1899-12-31", "date_out_of_range"),
        ("revoked", "9999-12-31", "value_not_parsed"),
    ],
)
def test_where_no_day_makes_no_sense_it_is_a_fault(name, text, rule):
    typed = apply(GOOD | {name: text})
    assert (typed.quarantined, typed.open_dates) == ({rule: 1}, {})


@pytest.mark.parametrize("text", ["1900-01-02", "2099-12-30", "2100-01-01", "2998-12-31"])
def test_the_days_beside_are_days(text):
    typed = apply(GOOD | {"closed": text})
    assert typed.accepted["closed"].to_list() == [date.fromisoformat(text)]
    assert (typed.open_dates, typed.quarantined) == ({}, {})


@pytest.mark.parametrize(
    ("word", "more", "told"),
    [
        ("empty", {"type": "date"}, "only a date that may be empty"),
        ("empty", {"type": "text", "nullable": True}, "only a date that may be empty"),
        ("start", {"type": "date", "nullable": True}, "only a date that is required"),
        ("end", {"type": "timestamp"}, "only a date that is required"),
    ],
)
def test_only_dates_can_be_open(word, more, told):
    with pytest.raises(ValueError, match=told):
        Column(name="c", zh="", about="", pfi="none", open_dates=word, **more)


def test_padding_of_identifiers_and_codes_is_cut_off_and_counted():
    padded = {"id": "1   ", "grade": "a ", "phone": "138 ", "remark": "as sent ", "op": "U "}
    typed = apply(GOOD | padded, GOOD | {"id": " 2", "grade": "  ", "op": "I"}, is_delta=True)
    assert typed.quarantined == {}
    assert typed.padded == {"id": 1, "grade": 2, "phone": 1, "op": 1}
    assert typed.accepted.select("id", "grade", "phone", "remark", "op").rows() == [
        ("1", "a", "138", "as sent ", "U"),
        (" 2", None, None, None, "I"),
    ]


@pytest.mark.parametrize("blank", ["\t", "\u00a0", "\u3000", "\0", "\u3000 \0"])
def test_padding_may_be_of_any_blank(blank):
    typed = apply(GOOD | {"id": "1" + blank, "grade": blank, "remark": "as sent" + blank})
    assert (typed.quarantined, typed.padded) == ({}, {"id": 1, "grade": 1})
    assert typed.accepted.select("id", "grade", "remark").rows() == [("1", None, "as sent" + blank)]


def test_the_quarantine_shows_a_padded_value_as_it_was_sent():
    (violation,) = apply(GOOD | {"id": "1 ", "grade": "z "}).violations.rows(named=True)
    assert (violation["value"], violation["row_key"]) == ("z ", "1|2026-10-01")
    assert '"id":"1 "' in violation["record"]


PAST = Table(
    name="past",
    zh="",
    kind="E",
    importance="general",
    about="",
    columns=(
        Column(
            name="month",
            type="date",
            zh="",
            about="",
            pfi="none",
            key=True,
            month="first_day",
            month_days="days",
        ),
        Column(name="days", type="integer", zh="", about="", pfi="none"),
        Column(name="cost_month", type="date", zh="", about="", pfi="none", month="any_day"),
    ),
)


@pytest.mark.parametrize(
    ("month", "days", "refused"),
    [
        ("2026-09-01", "30", {}),
        ("2026-09-01", "1", {}),
        ("2026-09-01", "31", {"month_days_off": 1}),
        ("2026-09-01", "0", {"month_days_off": 1}),
        ("2024-02-01", "29", {}),
        ("2026-02-01", "29", {"month_days_off": 1}),
        ("2026-09-30", "30", {"month_not_first_day": 1}),
        # the batch of the 31st of October tells that day itself
        ("2026-10-01", "30", {}),
        ("2026-10-01", "31", {"month_days_off": 1}),
        ("2026-11-01", "1", {"month_days_off": 1}),
    ],
)
def test_a_past_month_has_days_that_lie_before_the_batch(month, days, refused):
    frame = pl.DataFrame({"month": [month], "days": [days], "cost_month": ["2026-09-30"], "source_row": [1]})
    typed = Typing(PAST, False, DAY, ZONE).apply(frame)
    assert typed.quarantined == refused
    assert typed.accepted["cost_month"].to_list() == ([] if refused else [date(2026, 9, 1)])


def test_on_the_first_of_a_month_no_day_of_it_has_been():
    frame = pl.DataFrame(
        {"month": ["2026-11-01"], "days": ["1"], "cost_month": ["2026-11-01"], "source_row": [1]}
    )
    typed = Typing(PAST, False, date(2026, 11, 1), ZONE).apply(frame)
    assert typed.quarantined == {"month_days_off": 1}
