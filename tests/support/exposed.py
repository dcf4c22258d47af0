"""Which models Python and the dashboards read by name: what ``models/exposures.yml`` has to declare."""

import re
from pathlib import Path

from tests.support.models import PROJECT

READERS = {
    "gate_2": ("expectations",),
    "explanations": ("orchestration/explain",),
    "publication": ("orchestration/publication", "orchestration/releases"),
    "erasure": ("orchestration/erasure",),
    "night_report": ("orchestration/night_report",),
    "what_if": ("orchestration/what_if",),
    "metrics": ("orchestration/metrics",),
    "saved_segments": ("orchestration/segments", "orchestration/*segment*.py"),
    "feeds": ("orchestration/feeds.py", "models/marts/workbench"),
    "dashboards": ("bi/assets/datasets",),
    "the_night": ("orchestration/*.py", "orchestration/warehouse"),
}
"""Files and folders by exposure. ``the_night`` is every module that stands alone, but for those of others."""

_SOURCES = (".py", ".yaml", ".sql")


def read_by(reader: str) -> set[str]:
    """Names of the models that a reader names in its sources."""
    names = sorted((path.stem for path in (PROJECT / "models").rglob("*.sql")), key=len, reverse=True)
    named = re.compile(rf"\b({'|'.join(names)})\b")
    if reader == "feeds":
        # it writes every model of its folder, and names none
        return {path.stem for path in (PROJECT / "models/marts/workbench").glob("*.sql")}
    others = {path for other, places in READERS.items() if other != reader for path in _files(places)}
    files = set(_files(READERS[reader])) - (others if reader == "the_night" else set())
    return {name for path in files for name in named.findall(path.read_text(encoding="utf-8"))}


def _files(places: tuple[str, ...]) -> list[Path]:
    found = []
    for place in places:
        for path in PROJECT.glob(place):
            found += [path] if path.is_file() else path.rglob("*")
    return [path for path in found if path.suffix in _SOURCES]
