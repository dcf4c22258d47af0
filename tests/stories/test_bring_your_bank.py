"""docs/bring-your-bank.md, followed to the letter: three customers of a starter, then a bank's own files."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from contract.model import load_contract
from orchestration.errors import ConfigurationError
from orchestration.onboarding.starter import make_home
from orchestration.releases.keys import HASH_KEY, read_key
from tests.support.links import dead_links
from tests.support.warehouse import PROJECT, Warehouse

PAGE = PROJECT / "docs" / "bring-your-bank.md"
CHINESE = PROJECT / "docs" / "bring-your-bank.zh.md"
_BLOCK = re.compile(
    r"(?:^[^\n]*`(?P<path>[^`\n]+)`[:：]\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```", re.M | re.S
)


def steps(page: Path) -> Iterator[tuple[str, str]]:
    """What a page has one do: a file to write, by its path, or a command, by nothing."""
    for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] != "sh":
            yield block["path"], block["text"]
            continue
        for command in block["text"].splitlines():
            yield "", command


class Shell:
    """A shell in a folder of its own; what is exported lasts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._exports: list[str] = []
        self._environment = {
            name: text
            for name, text in os.environ.items()
            if name not in ("ACRM_HOME", HASH_KEY) and not name.startswith("DBT_")
        }
        self._environment["PATH"] = f"{Path(sys.executable).parent}:{self._environment['PATH']}"

    def run(self, command: str) -> str:
        if command.startswith("export "):
            self._exports.append(command)
            return ""
        done = subprocess.run(
            ["bash", "-ec", "\n".join([*self._exports, command])],
            cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    @property
    def home(self) -> Path:
        return self.folder / re.findall(r"\$PWD/(\w+)\"$", "\n".join(self._exports))[-1]


def test_the_page_leads_to_the_right_tiers(tmp_path: Path) -> None:
    shell, answers, said, began = Shell(tmp_path), [], [], monotonic()
    for path, text in steps(PAGE):
        if path:
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        elif text == "acrm run":
            # dbt's parse of another warehouse of these tests saves most of a minute
            with Warehouse(shell.home)._parsed_before():
                said.append(shell.run(text))
        elif text.startswith("acrm query"):
            answers.append(re.findall(r"(\w+) *│ *(\w+) *│ *([\d.]+) *│$", shell.run(text), re.M))
        else:
            shell.run(text)

    # what a stranger waits for, writing the files left out; shown by pytest -s
    print(f"machine time of the page: {(monotonic() - began) / 60:.1f} minutes")  # noqa: T201
    assert answers == [
        [("C001", "ordinary", "8403.23"), ("C002", "gold", "312000.00"), ("C003", "growth", "6400000.00")],
        # 252,000 in 30 days and 8,500 on the 31st; a corporate customer has no tier
        [("000101", "ordinary", "8403.23"), ("000102", "gold", "312000.00")],
    ]
    assert all("published tables are empty, because no batch has brought" in text for text in said)
    warehouse = Warehouse(shell.home)
    empty = warehouse.query(
        "select distinct table_name from quality.fct_check_result where check_code = 'mart_without_extract'"
    )
    assert "fct_sales_credit" in {row["table_name"] for row in empty}
    assert warehouse.query("select count(*) as n from customer_value.fct_customer_aum_monthly")[0]["n"] > 0


def test_the_chinese_page_has_one_do_the_same() -> None:
    assert list(steps(CHINESE)) == list(steps(PAGE))


def test_a_starter_has_a_key_and_a_template_of_every_table(tmp_path: Path) -> None:
    settings = make_home(tmp_path / "bank")

    assert len(read_key(settings, HASH_KEY).text) >= 64 or HASH_KEY in os.environ
    assert (settings.home / "keys" / "hash.key").stat().st_mode & 0o077 == 0
    for table in load_contract().tables:
        header = (settings.home / "templates" / f"{table.name}.csv").read_text(encoding="utf-8")
        assert header.strip().split(",") == list(table.column_names)
    page = settings.home / "templates" / "README.md"
    assert dead_links(page) == [] and "acrm manifest FOLDER" in page.read_text(encoding="utf-8")
    other = make_home(tmp_path / "other", is_empty=True)
    keys = {(home / "keys" / "hash.key").read_text(encoding="utf-8") for home in (settings.home, other.home)}
    assert len(keys) == 2 and list(other.landing.iterdir()) == []


def test_a_folder_with_content_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="has content already"):
        make_home(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
