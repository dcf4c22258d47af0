"""docs/adding.md, followed to the letter on a copy of the project: a mart, an extract table, a check."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from tests.support.bank import Bank
from tests.support.landing import land
from tests.support.warehouse import PROJECT, Warehouse

PAGE = PROJECT / "docs" / "adding.md"
NIGHTS = [date(2026, 1, 29), date(2026, 1, 30)]
MART = "models/marts/customer_value/reports/rpt_org_aum_monthly"
MART_SQL = f"{MART}.sql"
# how the page's commands are started here, where the copy is not the project that is installed
PROGRAMS = {
    "acrm": "-m orchestration.cli",
    "python": "",
    "make written": "-m tests.support.written",
}
_PUT = re.compile(
    r"^(?P<where>New file|At the end of|In) `(?P<path>[^`]+)`(?:, below `(?P<anchor>[^`]+)`)?:\n\n"
    r"```\w+\n(?P<text>.*?)^```",
    re.M | re.S,
)
# safe boxes are in the contract of the copy alone, so it is the copy that writes these batches
_DELIVER = """
import sys
from decimal import Decimal
from pathlib import Path
from tests.stories.test_adding import NIGHTS, small_bank
from tests.support.landing import land
box = {"box_id": "B1", "customer_id": "C1", "status": "rented", "monthly_fee": Decimal("20.00")}
sent = [[box, {**box, "box_id": "B2"}], [{**box, "box_id": "B2", "monthly_fee": Decimal("0.00"), "op": "U"}]]
for night, rows, load in zip(NIGHTS, sent, ("full", "delta")):
    delivery = small_bank().delivery(night)
    delivery.tables["safe_box"], delivery.loads["safe_box"] = rows, load
    land(Path(sys.argv[1]), delivery)
"""


def small_bank() -> Bank:
    bank = Bank(NIGHTS)
    for name, org, amount in (("C1", "O1", "100"), ("C2", "O1", "20.50"), ("C3", "O2", "50")):
        bank.customer(name, opened=date(2025, 11, 3), org=org).holds(amount)
    return bank


@dataclass(frozen=True)
class Section:
    """One chapter of the page."""

    text: str

    @property
    def commands(self) -> list[str]:
        return [
            line
            for block in re.findall(r"^```sh\n(.*?)^```", self.text, re.M | re.S)
            for line in block.split("\n")
            if line
        ]

    def put_into(self, project: Path) -> None:
        """Write what the chapter says to write."""
        for put in _PUT.finditer(self.text):
            path = project / put["path"]
            if put["where"] == "New file":
                assert not path.exists(), path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(put["text"], encoding="utf-8")
                continue
            before = path.read_text(encoding="utf-8")
            if put["anchor"] is None:
                blank = "\n\n" if path.suffix == ".py" else ""
                path.write_text(before + blank + put["text"], encoding="utf-8")
            else:
                lines = before.split("\n")
                (place, *_) = (n for n, line in enumerate(lines) if line.strip() == put["anchor"])
                lines[place + 1 : place + 1] = put["text"].removesuffix("\n").split("\n")
                path.write_text("\n".join(lines), encoding="utf-8")


def sections() -> dict[str, Section]:
    _, *parts = re.split(r"^## (.+)\n", PAGE.read_text(encoding="utf-8"), flags=re.M)
    return {title: Section(text) for title, text in zip(parts[::2], parts[1::2], strict=True)}


class Copy:
    """A copy of the project, and what was changed in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns(".*", "var", "__pycache__"))
        self._before = self._files()

    def changed(self) -> set[str]:
        """Files that are new or different since the last time this was asked."""
        now, before = self._files(), self._before
        self._before = now
        return {name for name in now.keys() | before.keys() if now.get(name) != before.get(name)}

    def run(self, command: str, home: Path) -> "subprocess.CompletedProcess[str]":
        """A command of the page, with the copy as the project."""
        name = next(name for name in PROGRAMS if command.startswith(name))
        return self.python(home, *shlex.split(PROGRAMS[name] + command.removeprefix(name)))

    def python(self, home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "ACRM_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        for name in [name for name in environment if name.startswith(("PYTEST_", "DBT_"))]:
            del environment[name]
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def follow(self, section: Section, home: Path) -> None:
        for command in section.commands:
            done = self.run(command, home)
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    def _files(self) -> Mapping[str, str]:
        return dict(self._hashes())

    def _hashes(self) -> Iterator[tuple[str, str]]:
        for path in self.folder.rglob("*"):
            name = path.relative_to(self.folder)
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in name.parts):
                yield str(name), sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("adding") / "project")


def test_a_mart_begins_on_a_warehouse_that_stands(copy: Copy, tmp_path: Path) -> None:
    warehouse, mart = Warehouse(tmp_path / "home"), sections()["A mart"]
    warehouse.home.mkdir(mode=0o700)
    first, second = small_bank().deliveries()
    land(warehouse.home, first)
    stood = copy.run("acrm run", warehouse.home)
    assert stood.returncode == 0, stood.stdout + stood.stderr
    published = warehouse.current.resolve()

    mart.put_into(copy.folder)
    assert copy.changed() == {MART_SQL, f"{MART}.yml", "tests/unit/test_org_aum.py", "CHANGELOG.md"}
    land(warehouse.home, second)

    _without_its_kind_it_is_refused(copy, warehouse)
    assert warehouse.current.resolve() == published
    copy.follow(mart, warehouse.home)

    assert copy.changed() == {
        "contract/published.json",
        "docs/metrics.md",
        "docs/reference/README.md",
        "docs/reference/customer_value.md",
        "semantic/customer_value.yml",
    }
    assert '"customer_value.rpt_org_aum_monthly"' in (copy.folder / "contract/published.json").read_text()
    rows = [
        ("O1", NIGHTS[1].replace(day=1), 2, Decimal("120.50")),
        ("O2", NIGHTS[1].replace(day=1), 1, Decimal("50.00")),
    ]
    assert warehouse.current.resolve().name.startswith(str(NIGHTS[1]))
    with warehouse.reader() as release:
        parquet = warehouse.current.resolve() / "parquet" / "customer_value" / "rpt_org_aum_monthly"
        for relation in (
            "customer_value.rpt_org_aum_monthly",
            f"read_parquet('{parquet}/*.parquet')",
        ):
            query = f"select org_id, month_start_date, customer_cnt, aum_amt from {relation} order by org_id"
            assert release.execute(query).fetchall() == rows
        assert release.execute('select "户数" from reporting_zh."机构资产统计" order by 1').fetchall() == [
            (1,),
            (2,),
        ]
    checked = warehouse.query(
        "select check_code, column_name, is_passed, checked_cnt from quality.fct_check_result"
        " where table_name = 'rpt_org_aum_monthly' order by check_code"
    )
    assert [tuple(row.values()) for row in checked] == [
        ("mart_key_not_unique", "org_id, month_start_date", True, 2),
        ("mart_reference_unknown", "org_id", True, 2),
    ]


def _without_its_kind_it_is_refused(copy: Copy, warehouse: Warehouse) -> None:
    path = copy.folder / MART_SQL
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(", 'carried': 'open_month'", ""), encoding="utf-8")

    refused = copy.run("acrm run", warehouse.home)

    path.write_text(text, encoding="utf-8")
    assert refused.returncode != 0
    assert (
        f"{MART_SQL}: an incremental model says its kind. Add 'carried' to its meta, one of" in refused.stderr
    )
    assert "Traceback" not in refused.stderr


def test_an_extract_table_and_its_check_run_from_the_first_batch_on(copy: Copy, tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "home")
    warehouse.home.mkdir(mode=0o700)
    extract, check = sections()["A delta extract table"], sections()["A check"]
    copy.changed()

    extract.put_into(copy.folder)
    copy.follow(extract, warehouse.home)
    assert copy.changed() == {
        "contract/extracts.yml",
        "models/staging/core_banking/stg_core_banking__safe_boxes.sql",
        "models/intermediate/safe_box/int_safe_box__versions.sql",
        "models/intermediate/safe_box/_safe_box.yml",
        "tests/unit/test_safe_box.py",
        "CHANGELOG.md",
        # generated
        "models/staging/core_banking/_core_banking.yml",
        "docs/extract-contract.md",
    }

    check.put_into(copy.folder)
    assert copy.changed() == {
        "seeds/rules/check_rules.csv", "expectations/suites/tonight.py", "tests/unit/test_box_fees.py"
    }  # fmt: skip
    delivered = copy.python(warehouse.home, "-c", _DELIVER, str(warehouse.home))
    assert delivered.returncode == 0, delivered.stderr
    copy.follow(check, warehouse.home)

    found = warehouse.query(
        "select business_date, check_code, severity_code, is_passed, failing_cnt"
        " from quality.fct_check_result"
        " where table_name = 'safe_box' and not (is_passed and check_code <> 'box_without_fee')"
        " order by business_date"
    )
    assert [tuple(row.values()) for row in found] == [
        (NIGHTS[0], "box_without_fee", "warn", True, 0),
        (NIGHTS[1], "box_without_fee", "warn", False, 1),
    ]
    keys = warehouse.query(
        "select distinct check_code from quality.fct_check_result where table_name = 'safe_box' order by 1"
    )
    assert {"key_not_unique", "reference_unknown", "value_not_in_list", "value_missing"} <= {
        row["check_code"] for row in keys
    }
