"""Every command and query of the documents runs, and what is written from the contract is up to date."""

import re
import subprocess
from pathlib import Path

import pytest

from contract.render import PAGE_FILE, STAGING_FILE, contract_page, staging_yaml
from orchestration.errors import ExitCode
from tests.golden.fixtures import FIXTURES, FOLDER, rendered
from tests.support.warehouse import Warehouse
from tests.support.written import MEND

PROJECT = Path(__file__).parents[2]
DOCUMENTS = [
    PROJECT / "README.md",
    *sorted((PROJECT / "docs").glob("*.md")),
    PROJECT / "models" / "README.md",
]
# followed step by step: tests/stories/test_adding.py, tests/stories/test_bring_your_bank.py
FOLLOWED = ("adding.md", "bring-your-bank.md", "bring-your-bank.zh.md")
# run by this very test run, or by a target of their own
STARTED_ELSEWHERE = {"make demo", "make test", "make setup-ui", "make setup-dev", "make bi", "make test-bi"}


def blocks(language: str) -> list[tuple[str, str]]:
    found = []
    for path in DOCUMENTS:
        if path.name in FOLLOWED:
            continue
        for text in re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S):
            found.append((path.name, text.strip()))
    return found


COMMANDS = [
    pytest.param(line, id=f"{name}: {line[:60]}")
    for name, text in blocks("sh")
    for line in text.splitlines()
    if line not in STARTED_ELSEWHERE
]
QUERIES = [pytest.param(text, id=f"{name}: query {n}") for n, (name, text) in enumerate(blocks("sql"), 1)]


def test_the_documents_hold_commands_and_queries():
    assert COMMANDS and QUERIES


@pytest.mark.parametrize("command", COMMANDS)
def test_command_of_the_documents_runs(golden_warehouse: Warehouse, command: str):
    done = subprocess.run(
        command, shell=True, cwd=PROJECT, env=golden_warehouse.environment, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("query", QUERIES)
def test_query_of_the_documents_runs(golden_warehouse: Warehouse, query: str):
    golden_warehouse.query(query)


def test_every_exit_code_is_documented():
    table = (PROJECT / "README.md").read_text(encoding="utf-8")

    assert all(f"\n| {int(code)} |" in table for code in ExitCode if code is not ExitCode.UNEXPECTED)


def test_links_of_the_documents_lead_somewhere():
    others = ("DECISIONS.md", "CHANGELOG.md", "expectations/README.md", "tests/README.md")
    for path in [*DOCUMENTS, *(PROJECT / name for name in others)]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} → {target}"


def test_staging_yaml_and_the_contracts_page_are_up_to_date():
    assert STAGING_FILE.read_text(encoding="utf-8") == staging_yaml(), MEND
    assert PAGE_FILE.read_text(encoding="utf-8") == contract_page(), MEND


@pytest.mark.parametrize("name", FIXTURES)
def test_dbt_fixtures_of_the_golden_cases_are_up_to_date(name: str):
    written = (FOLDER / f"{name}.csv").read_text(encoding="utf-8")

    assert written == rendered(name), MEND


def test_every_decision_has_a_date_and_stands_in_the_index():
    text = (PROJECT / "DECISIONS.md").read_text(encoding="utf-8")
    headings = re.findall(r"^(?:##|###) (.+)$", text, re.M)

    assert re.findall(r"^ *- \[(.+)\]\(#.+\)$", text, re.M) == headings
    assert len(re.findall(r"^### .+\n\n\*\d{4}-\d{2}-\d{2}\*\n\n\S", text, re.M)) == text.count("\n### ")
