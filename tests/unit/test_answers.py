"""``acrm query``: whole answers in files and pipes, nothing cut, exact numbers."""

import io
import zipfile
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from orchestration import answers
from orchestration.answers import answer
from orchestration.cli import app
from orchestration.errors import QueryError
from orchestration.settings import Bank, Settings

MANY = "select range as n, '00' || range as id, range::decimal(18, 2) / 8 as x from range(1234) order by n"
KINDS = """
    select '007' as id, 12345678901234.56::decimal(18, 2) as amt, date '2026-10-31' as day, '=1+1' as text,
        ['a', 'b'] as list, null::varchar as nothing
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A release without a table."""
    release = tmp_path / "home" / "published" / "2026-10-30.1"
    release.mkdir(parents=True)
    duckdb.connect(str(release / "acrm.duckdb")).close()
    (release.parent / "current").symlink_to(release.name)
    return Settings(tmp_path / "home", Bank())


def written(settings: Settings, folder: Path, kind: str, sql: str = KINDS) -> Path:
    target = folder / f"answer.{kind}"
    answer(settings, sql, target=target)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    return target


def test_a_file_has_all_rows_in_the_format_of_its_ending(settings: Settings, tmp_path: Path) -> None:
    csv = pl.read_csv(written(settings, tmp_path, "csv", MANY), schema_overrides={"id": pl.String})
    assert (csv.height, csv["id"][7]) == (1234, "007")
    parquet = pl.read_parquet(written(settings, tmp_path, "parquet"))
    assert parquet["amt"].to_list() == [Decimal("12345678901234.56")] and parquet["list"][0].to_list() == [
        "a",
        "b",
    ]
    json = pl.read_json(written(settings, tmp_path, "json"))
    assert json["day"].to_list() == ["2026-10-31"]
    with_mark = written(settings, tmp_path, "csv").read_bytes()
    assert with_mark.startswith(b"\xef\xbb\xbfid,") and with_mark.count(b"\xef\xbb\xbf") == 1
    assert with_mark.decode("utf-8-sig").splitlines() == [
        "id,amt,day,text,list,nothing",
        "007,12345678901234.56,2026-10-31,=1+1,\"['a', 'b']\",",
    ]


def test_a_workbook_keeps_text_as_text(settings: Settings, tmp_path: Path) -> None:
    with zipfile.ZipFile(written(settings, tmp_path, "xlsx")) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
    assert "<t>007</t>" in texts and "<t>=1+1</t>" in texts and "<f>" not in sheet


def test_an_answer_without_rows_has_its_columns(settings: Settings, tmp_path: Path) -> None:
    none = "select 1 as a, 'x' as b where false"
    assert written(settings, tmp_path, "csv", none).read_text(encoding="utf-8-sig") == "a,b\n"
    assert pl.read_parquet(written(settings, tmp_path, "parquet", none)).columns == ["a", "b"]


def test_a_pipe_gets_every_row_and_column(
    settings: Settings, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    answer(settings, MANY, kind="csv")
    lines = capfdbinary.readouterr().out.splitlines()
    assert len(lines) == 1235 and lines[0] == b"n,id,x"
    wide = ", ".join(f"'{'x' * 30}{n}' as a_long_name_of_a_column_{n}" for n in range(40))
    answer(settings, f"select {wide} from range(300)")
    lines = capfdbinary.readouterr().out.decode().splitlines()
    assert sum("x" * 30 + "39" in line and "x" * 30 + "0 " in line for line in lines) == 300


def test_a_person_is_shown_some_rows_and_wide_ones_a_line_per_column(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, width=60, force_terminal=True, markup=False, emoji=False, highlight=False)
    monkeypatch.setattr(answers, "out", terminal)
    answer(settings, MANY)
    assert "the first 100 rows" in screen.getvalue()
    screen.truncate(0)
    answer(settings, "select " + ", ".join(f"'value{n}' as column_{n}" for n in range(20)))
    assert "column_19  value19" in screen.getvalue()


@pytest.mark.parametrize(
    ("name", "sql", "said"),
    [("answer.doc", "select 1", "does not tell its format"), ("answer.csv", "selec 1", "syntax error")],
)
def test_what_cannot_be_written_is_one_line_and_leaves_the_file(
    settings: Settings, tmp_path: Path, name: str, sql: str, said: str
) -> None:
    (tmp_path / name).write_text("before", encoding="utf-8")
    with pytest.raises(QueryError, match=said):
        answer(settings, sql, target=tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8") == "before"


def test_the_command_takes_format_and_file(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACRM_HOME", str(settings.home))
    target = tmp_path / "figures.txt"
    done = CliRunner().invoke(app, ["query", "select 1 as a", "--format", "csv", "--to", str(target)])
    assert done.exit_code == 0 and target.read_text(encoding="utf-8-sig") == "a\n1\n"
    assert CliRunner().invoke(app, ["query", "select 1", "--format", "doc"]).exit_code == 2
