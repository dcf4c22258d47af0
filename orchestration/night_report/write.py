"""Writes the report into a release that is being made."""

from pathlib import Path

import duckdb

from orchestration.night_report.figures import Figures, collect, read_figures
from orchestration.night_report.page import render
from orchestration.releases.on_disk import releases
from orchestration.settings import BatchId, Settings

FIGURES_FILE, PAGE_FILE = "night_report.json", "night_report.html"

REPORT_FILES = (FIGURES_FILE, PAGE_FILE)
"""What a release has of its report."""


def write_night_report(
    connection: duckdb.DuckDBPyConnection, settings: Settings, folder: Path, release: str, batch: BatchId
) -> None:
    """Write figures and page of a night.

    Args:
        connection: Publishing connection, to which the build database is attached as ``build``.
        folder: The release's folder.
        release: The release's name.
    """
    before = _figures_before(settings, batch)
    now = collect(connection, settings, batch, before)
    (folder / FIGURES_FILE).write_text(now.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (folder / PAGE_FILE).write_text(render(release, now, before), encoding="utf-8")


def _figures_before(settings: Settings, batch: BatchId) -> Figures | None:
    earlier = [release for release in releases(settings) if release.business_date < batch.business_date]
    if not earlier:
        return None
    last = max(earlier, key=lambda release: (release.business_date, release.publication))
    return read_figures(last.folder / FIGURES_FILE)
