"""Every command and query of the documents runs, and what is written from the contract is up to date."""

import os
import re
import subprocess
from pathlib import Path

import click
import pytest
import typer

from contract.render import PAGE_FILE, STAGING_FILE, contract_page, staging_yaml
from orchestration.cli import app
from orchestration.errors import ExitCode
from tests.golden.fixtures import FIXTURES, FOLDER, rendered
from tests.support.links import dead_links
from tests.support.warehouse import Warehouse
from tests.support.written import MEND

PROJECT = Path(__file__).parents[2]
DOCUMENTS = [
    PROJECT / "README.md",
    PROJECT / "README.zh.md",
    *sorted((PROJECT / "docs").glob("*.md")),
    PROJECT / "models" / "README.md",
]
# all that anybody is told to read; what they say of a command is compared with the program
PAGES = sorted(
    {*DOCUMENTS, *(PROJECT / "docs").rglob("*.md"), *PROJECT.glob("*/README.md"), *PROJECT.glob("*.md")}
    - {PROJECT / "CHANGELOG.md", PROJECT / "DECISIONS.md"}
)
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


# one that stands in several documents, in several languages, is run once
FIRST_PLACE = {
    line: name
    for name, text in reversed(blocks("sh"))
    for line in text.splitlines()
    if line not in STARTED_ELSEWHERE
}
COMMANDS = [pytest.param(line, id=f"{name}: {line[:60]}") for line, name in FIRST_PLACE.items()]
QUERIES = [pytest.param(text, id=f"{name}: query {n}") for n, (name, text) in enumerate(blocks("sql"), 1)]


def test_the_documents_hold_commands_and_queries():
    assert COMMANDS and QUERIES


@pytest.mark.parametrize("command", COMMANDS)
def test_command_of_the_documents_runs(golden_warehouse: Warehouse, command: str):
    done = subprocess.run(
        command, shell=True, cwd=PROJECT, env=golden_warehouse.environment, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_leads_to_the_figures_in_a_new_shell(golden_warehouse: Warehouse, tmp_path: Path):
    readme = (PROJECT / "README.md").read_text(encoding="utf-8").partition("\n## Read the figures\n")[2]
    (block, *_) = re.findall(r"^```sh\n(.*?)^```", readme, re.M | re.S)
    (tmp_path / ".venv").symlink_to(PROJECT / ".venv")
    (tmp_path / "var").symlink_to(golden_warehouse.home)
    unset = {name: text for name, text in os.environ.items() if name != "ACRM_HOME"}
    shown = block + 'readlink -f "$ACRM_HOME/published/current"\n'
    done = subprocess.run(["sh", "-e", "-c", shown], cwd=tmp_path, env=unset, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == str(golden_warehouse.current.resolve())


@pytest.mark.parametrize("query", QUERIES)
def test_query_of_the_documents_runs(golden_warehouse: Warehouse, query: str):
    golden_warehouse.query(query)


def test_the_readme_says_the_same_in_both_languages():
    english, chinese = (
        (PROJECT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh.md")
    )
    code, heading, link = r"^```sh\n(.*?)^```", r"^#+ ", r"\]\(([^)]+)\)"

    assert re.findall(code, english, re.M | re.S) == re.findall(code, chinese, re.M | re.S)
    assert len(re.findall(heading, english, re.M)) == len(re.findall(heading, chinese, re.M))
    among_themselves = {"README.md", "README.zh.md", "docs/bring-your-bank.md", "docs/bring-your-bank.zh.md"}
    assert (
        set(re.findall(link, english)) - among_themselves == set(re.findall(link, chinese)) - among_themselves
    )


def test_every_document_stands_in_the_index():
    index = (PROJECT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {str(path.relative_to(PROJECT / "docs")) for path in (PROJECT / "docs").rglob("*.md")}
    expected = {page for page in pages if not page.startswith("reference/")} - {"README.md"}

    assert expected - set(re.findall(r"\]\(([^)]+)\)", index)) == set()


def test_every_exit_code_is_documented():
    table = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")

    assert all(f"\n| {int(code)} |" in table for code in ExitCode if code is not ExitCode.UNEXPECTED)


def program() -> dict[str, set[str]]:
    """Options of every command, by its name."""

    def commands(group: click.Group, before: str = "") -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for name, command in group.commands.items():
            if isinstance(command, click.Group):
                found |= commands(command, f"{before}{name} ")
            else:
                found[before + name] = {option for one in command.params for option in one.opts}
        return found

    return commands(typer.main.get_command(app))


def test_the_page_of_commands_has_every_command_and_no_other():
    known = program()
    rows = re.findall(r"^\| (`acrm .*?) \|", (PROJECT / "docs" / "commands.md").read_text("utf-8"), re.M)
    shown = [text for row in rows for text in re.findall(r"`acrm ([^`]+)`", row)]
    named = [(name, text) for text in shown for name in known if text == name or text.startswith(f"{name} ")]

    assert [text for _, text in named] == shown
    assert {name for name, _ in named} == set(known)
    for name, text in named:
        assert set(re.findall(r"--[a-z-]+", text)) <= known[name], text


def test_commands_that_stand_in_a_sentence_are_commands_with_their_options():
    known = program()
    groups = {name.partition(" ")[0] for name in known if " " in name}
    unknown, seen = [], 0
    for page in PAGES:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
        for words in re.findall(r"`(?:\.venv/bin/)?acrm ([^`]+)`", text):
            found = [name for name in known if f"{words} ".startswith(f"{name} ")]
            # the options of `acrm dbt` are dbt's
            options = set(re.findall(r"(?<!\S)--[a-z-]+", words)) if found != ["dbt"] else set()
            is_any = words.startswith(("COMMAND", "--")) or words in groups
            if not is_any and (not found or not options <= known[found[0]]):
                unknown.append(f"{page.name}: acrm {words}")
            seen += 1

    assert unknown == []
    assert seen > 100


def test_a_block_of_commands_is_run_or_says_by_what_else():
    """A command of a block that is not ``sh`` is run by nobody, but for those named here."""
    elsewhere = {
        # other data, other programs, or hours: tests/berka, tests/unit/test_benchmarks.py,
        # tests/published/test_private_release.py, tests/published/test_metricflow.py
        "berka.md": "acrm import berka", "README.md": "make bench", "privacy.md": "acrm private-release",
        "semantic-layer.md": "mf query",
    }  # fmt: skip
    started = r"^(?:[A-Z_]+=\S+ )?(?:\.venv/bin/)?(?:acrm|make|dbt|mf|pip|duckdb|git) .*$"
    left = [
        f"{page.name}: {line}"
        for page in PAGES
        for kind, block in re.findall(r"^```(\w*)\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
        for line in re.findall(started, block, re.M)
        if kind != "sh" and elsewhere.get(page.name, "\0") not in block
    ]

    assert left == []
    assert {page.name for page in PAGES} >= elsewhere.keys()
    # those are followed by other tests, or by this one
    sh = {page for page in PAGES if "\n```sh\n" in page.read_text("utf-8")}
    assert {page.name for page in sh - set(DOCUMENTS)} == {"runbook.md", "privacy.md", "README.md"}
    assert {page.parent.name for page in sh - set(DOCUMENTS)} == {"operators", "tests"}


def test_links_of_the_documents_lead_somewhere():
    deeper = [*PROJECT.glob("docs/*/*.md"), *PROJECT.glob("*.md"), *PROJECT.glob("*/README.md")]
    pages = sorted({*DOCUMENTS, *deeper, PROJECT / "benchmarks" / "RESULTS.md"})

    assert [dead for page in pages for dead in dead_links(page)] == []


def test_a_link_to_a_file_or_heading_that_is_not_there_is_found(tmp_path: Path):
    (tmp_path / "there.md").write_text("# Exit codes: all\n## Twice\n## Twice\n```sh\n# no heading\n```\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](there.md#exit-codes-all) [b](there.md#twice-1) [c](there.md#twice-2) [d](gone.md)"
        " [e](#nothing) [f](there.md#no-heading) [g](https://example.org/#any)"
    )

    assert dead_links(page) == [
        f"page.md → {target}" for target in ("there.md#twice-2", "gone.md", "#nothing", "there.md#no-heading")
    ]


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


@pytest.mark.parametrize(
    ("name", "words"),
    [("README.md", ("**For**", "**It answers**", "5 minutes")), ("README.zh.md", ("写给", "回答", "5 分钟"))],
)
def test_the_first_screen_says_for_whom_what_and_how_long(name: str, words: tuple[str, ...]):
    first = (PROJECT / name).read_text(encoding="utf-8").partition("\n## ")[0]
    (commands,) = re.findall(r"^```sh\n(.*?)^```", first, re.M | re.S)

    assert len(commands.splitlines()) == 2 and len(re.findall(r"!\[", first)) == 1
    assert [word for word in words if word not in first] == []
    assert len(first.splitlines()) < 30


def test_every_tool_has_its_section_which_says_whether_it_was_tried():
    page = (PROJECT / "docs" / "clients.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", page, re.M)
    rows = dict(re.findall(r"^\| ([^|]+) \| [^|]+ \| (tried|read)\b", page, re.M))
    read = {tool for tools, how in rows.items() if how == "read" for tool in tools.split(", ")}

    tools = {"DBeaver", "Power BI", "Tableau", "Excel", "Metabase", "Superset", "R"}
    assert {heading.removesuffix(" (read)") for heading in headings} >= tools
    assert {heading.removesuffix(" (read)") for heading in headings if heading.endswith(" (read)")} == read
    # a claim of a test leads to one
    assert [path for path in re.findall(r"`(tests/[\w/.]+)`", page) if not (PROJECT / path).exists()] == []
