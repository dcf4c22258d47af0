"""The conditions of saved segments: what they may say, and what is refused with its place."""

from pathlib import Path

import duckdb
import pytest

from orchestration.errors import ConfigurationError, NotFoundError
from orchestration.segments.condition import condition_sql
from orchestration.segments.saved import read_segment, screened_columns, segments_folder, segments_of_a_night
from orchestration.segments.tokens import ConditionError
from orchestration.settings import Settings

TYPES = {
    "customer_id": "varchar",
    "customer_name": "varchar",
    "tier_code": "varchar",
    "age": "integer",
    "aum_amt": "decimal(18,2)",
    "loan_amt": "decimal(18,2)",
    "is_closed": "boolean",
    "last_txn_date": "date",
    "held_line_codes": "varchar",
}
COLUMNS = screened_columns(TYPES)
ROWS = (
    """
    select * from (values
        ('C1', 'x', 'gold', 30, 250000.00, 0.00, false, date '2026-01-30', ',deposit,fund,'),
        ('C2', 'x', 'core', 61, 12000000.00, 500.00, false, date '2026-01-02', ',fund_of_funds,'),
        ('C3', 'x', null, null, 0.10, 0.20, true, null, null),
        ('C4', 'x', 'O''x', 45, 0.30, 0.00, false, date '2025-12-31', ',deposit,')
    ) as t ("""
    + ", ".join(TYPES)
    + ")"
)


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("aum_amt >= 250000", ["C1", "C2"]),
        ("AUM_AMT >= 250000 AND Age < 60", ["C1"]),
        ("tier_code in ('gold', 'core') and not is_closed", ["C1", "C2"]),
        ("tier_code not in ('gold')", ["C2", "C4"]),
        ("tier_code is null", ["C3"]),
        ("tier_code is not null and age between 30 and 45", ["C1", "C4"]),
        ("age not between 30 and 45", ["C2"]),
        ("tier_code like 'g%' or tier_code = 'O''x'", ["C1", "C4"]),
        ("holds('fund')", ["C1"]),
        ("not holds('deposit')", ["C2", "C3"]),
        # exact: 0.1 + 0.2 is 0.3
        ("aum_amt + loan_amt = 0.30", ["C3", "C4"]),
        ("-aum_amt * 2 < -500001 + 1", ["C2"]),
        ("loan_amt / aum_amt > 1", ["C3"]),
        ("aum_amt / loan_amt > 0", ["C2", "C3"]),
        ("last_txn_date >= date '2026-01-31' - 29", ["C1", "C2"]),
        # 'and' binds closer than 'or', 'not' closer than 'and'
        ("is_closed or age > 40 and age < 50", ["C3", "C4"]),
        ("(is_closed or age > 40) and age < 50", ["C4"]),
        ("not not is_closed", ["C3"]),
        ("is_closed = true", ["C3"]),
        ("age\n  in (30,\n61)", ["C1", "C2"]),
    ],
)
def test_what_a_condition_finds(condition: str, found: list[str]) -> None:
    sql = condition_sql(condition, COLUMNS)
    rows = duckdb.sql(f"select customer_id from ({ROWS}) as customers where {sql} order by 1").fetchall()
    assert [row[0] for row in rows] == found


@pytest.mark.parametrize(
    ("condition", "line", "column", "why"),
    [
        ("aum_amt > 5; drop table x", 1, 12, "';' has no meaning here"),
        ("aum_amt > 5 -- all", 1, 13, "'-' has no meaning here"),
        ("aum_amt > 5 /* all */", 1, 13, "'/' has no meaning here"),
        ('"aum_amt" > 5', 1, 1, "'\"' has no meaning here"),
        ("customer_name = 'x'", 1, 1, "customer_name is no column that may be asked for"),
        ("age > 5 and\n lower(tier_code) = 'x'", 2, 2, "the function lower is not allowed"),
        ("age > (select 1)", 1, 8, "select is no column"),
        ("age > 5 union", 1, 9, "'union' is not expected here"),
        ("read_csv('/etc/passwd') = 'x'", 1, 1, "the function read_csv is not allowed"),
        ("age", 1, 1, "a boolean is expected here, not a number"),
        ("age > 'x'", 1, 7, "a number cannot be compared with a text"),
        ("last_txn_date > '2026-01-01'", 1, 17, "a date cannot be compared with a text"),
        ("last_txn_date > date '2026-02-30'", 1, 22, "a date is expected here"),
        ("age in (1, 'x')", 1, 12, "a number cannot be compared with a text"),
        ("age in ()", 1, 9, "a column or a value is expected here"),
        ("age between 1", 1, 14, "'and' is expected here"),
        ("age like '1%'", 1, 1, "a text is expected here, not a number"),
        ("tier_code like tier_code", 1, 16, "a text is expected after 'like'"),
        ("holds(tier_code)", 1, 7, "a product line is expected here"),
        ("holds('a,b')", 1, 7, "a product line is expected here"),
        ("tier_code = 'open", 1, 13, '"\'" has no meaning here'),
        ("age = null", 1, 7, "not 'null'"),
        ("age > 1e9", 1, 7, "'1' has no meaning here"),
        ("age > 1 and", 1, 12, "not the end"),
        ("(age > 1", 1, 9, "')' is expected here"),
        ("", 1, 1, "not the end"),
        ("is_closed + 1 > 2", 1, 1, "a number or date is expected here"),
        ("(" * 60 + "is_closed" + ")" * 60, 1, 51, "more than 50"),
        ("age > 1 " + "or age > 1 " * 1000, 1, 10_001, "at most 10000 characters"),
    ],
)
def test_what_is_refused_and_where(condition: str, line: int, column: int, why: str) -> None:
    with pytest.raises(ConditionError) as refused:
        condition_sql(condition, COLUMNS)
    assert why in refused.value.why
    assert (refused.value.line, refused.value.column) == (line, column)


def save(settings: Settings, file: str, **more: str) -> None:
    folder = segments_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    usual = {"code": file, "name": "Rich", "name_zh": "高资产", "owner": "E1", "condition": "aum_amt > 5"}
    text = "\n".join(f'{key}: "{value}"' for key, value in (usual | more).items())
    (folder / f"{file}.yml").write_text(text, encoding="utf-8")


def test_a_file_that_is_refused_keeps_its_members_and_says_where(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path)
    assert segments_of_a_night(settings, COLUMNS).segments == ()
    save(settings, "good")
    save(settings, "bad", condition="aum_amt >> 5")
    save(settings, "misnamed", code="other")
    save(settings, "more", colour="red")

    night = segments_of_a_night(settings, COLUMNS)

    assert {one["code"]: one["condition"] for one in night.segments} == {
        "good": "(aum_amt > 5)", "bad": "", "misnamed": "", "more": "",
    }  # fmt: skip
    assert [Path(line.split(":")[0]).name for line in night.refused] == [
        "bad.yml",
        "misnamed.yml",
        "more.yml",
    ]
    assert "line 1, column 10" in night.refused[0]


def test_a_segment_is_read_by_its_code(tmp_path: Path) -> None:
    settings = Settings.load(tmp_path)
    save(settings, "good")
    save(settings, "more", colour="red")
    assert read_segment(settings, "good").name_zh == "高资产"
    with pytest.raises(ConfigurationError, match="colour"):
        read_segment(settings, "more")
    with pytest.raises(NotFoundError, match="good, more"):
        read_segment(settings, "none")
