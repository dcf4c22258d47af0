"""Writes the page into a cut that is being made. It reads the cut alone, so it shows nothing else."""

from pathlib import Path

from orchestration.own_page.figures import collect
from orchestration.own_page.page import render
from orchestration.releases.on_disk import DATABASE_FILE, open_published

PAGE_FILE = "my_customers.html"


def write_own_page(folder: Path, kind: str, number: str) -> None:
    """Write the page of a cut.

    Args:
        folder: The cut's folder, with its database.
        kind: ``rm`` or ``org``: whose page it is.
        number: Number of the manager or of the org.
    """
    with open_published(folder / DATABASE_FILE) as connection:
        figures = collect(connection, kind, number)
    (folder / PAGE_FILE).write_text(render(figures), encoding="utf-8")
