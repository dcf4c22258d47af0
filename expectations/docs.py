"""Great Expectations' result pages, readable without a network.

Its own pages load styles, scripts and pictures from the internet. Here its sections stand in a plain
frame instead: nothing is fetched, nothing runs, and pages of the same results are the same bytes.
"""

import shutil
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from expectations.results import CheckResult, GateResult
from orchestration.settings import BatchId, Settings, private_folder

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuiteValidationResult

_PAGE = Template(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; color: #222; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
td, th { border: 1px solid #ddd; padding: .35rem .6rem; text-align: left; vertical-align: top; }
th { background: #f4f4f4; }
.badge { background: #eee; border-radius: .3rem; padding: 0 .3rem; }
.fas { font-style: normal; font-weight: bold; }
.fa-check-circle::before { content: "✓"; color: #186a3b; }
.fa-times::before { content: "✗"; color: #a93226; }
.fa-exclamation-triangle::before { content: "!"; color: #9a6400; }
</style>
</head>
<body>
$body
</body>
</html>
"""
)


def write_data_docs(settings: Settings, batch: BatchId, outcomes: Sequence[GateResult]) -> Path:
    """Write a page per suite and one that leads to them; returns the latter.

    The pages are private: they show counts of every table, never a value of a row.
    """
    folder = settings.quality / "docs"
    shutil.rmtree(folder, ignore_errors=True)
    parts = [f"<h1>Checks of {escape(str(batch))}</h1>"]
    for outcome in outcomes:
        links = [
            (_write_suite(private_folder(folder / outcome.gate), outcome, validation), validation)
            for validation in outcome.validations
        ]
        parts += [_gate_heading(outcome), _result_list(outcome.results), _suite_list(links, folder)]
    index = private_folder(folder) / "index.html"
    _write(index, "Checks", "\n".join(parts))
    return index


def _write_suite(folder: Path, outcome: GateResult, validation: "ExpectationSuiteValidationResult") -> Path:
    from great_expectations.render.renderer import ValidationResultsPageRenderer

    # the first section tells when and how the suite ran, not what came out
    _, *sections = ValidationResultsPageRenderer(run_info_at_end=False).render(validation).sections
    body = [f'<p><a href="../index.html">All checks</a></p><h1>{escape(validation.suite_name)}</h1>']
    body += [
        _section_view().render({"section": section.to_json_dict(), "section_loop": {"index": number}})
        for number, section in enumerate(sections, start=1)
    ]
    path = folder / f"{validation.suite_name}.html"
    _write(path, f"{validation.suite_name} · {outcome.gate}", "\n".join(body))
    return path


@cache
def _section_view() -> Any:  # noqa: ANN401 - Great Expectations gives it no type
    """One for all pages: each compiles its templates anew."""
    from great_expectations.render.view import DefaultJinjaSectionView

    return DefaultJinjaSectionView()


def _write(path: Path, title: str, body: str) -> None:
    path.write_text(_PAGE.substitute(title=escape(title), body=body), encoding="utf-8")


def _gate_heading(outcome: GateResult) -> str:
    failed = sum(not result.is_passed for result in outcome.results)
    state = "shut" if outcome.faults else "open"
    return (
        f"<h2>{outcome.gate}: {state}</h2>"
        f"<p>{outcome.ran} of {outcome.declared} declared checks ran, {failed} failed.</p>"
    )


def _result_list(results: Iterable[CheckResult]) -> str:
    rows = [
        f"<tr><td>{escape(result.severity_code)}</td><td>{escape(str(result.fault))}</td></tr>"
        for result in sorted(results, key=lambda result: result.order)
        if not result.is_passed
    ]
    return f"<table><tr><th>Severity</th><th>Failed</th></tr>{''.join(rows)}</table>" if rows else ""


def _suite_list(links: Iterable[tuple[Path, "ExpectationSuiteValidationResult"]], folder: Path) -> str:
    rows = [
        f'<tr><td><a href="{escape(path.relative_to(folder).as_posix())}">'
        f"{escape(validation.suite_name)}</a></td>"
        f"<td>{validation.statistics['evaluated_expectations']}</td>"
        f"<td>{validation.statistics['unsuccessful_expectations']}</td></tr>"
        for path, validation in links
    ]
    return f"<table><tr><th>Suite</th><th>Checks</th><th>Failed</th></tr>{''.join(rows)}</table>"
