"""What each chapter takes of a night: the time of its models, from dbt's log."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CHAPTERS = {
    "customer_value": "2 value",
    "ownership": "3 ownership",
    "sales": "3 ownership",
    "contribution": "4 contribution",
    "monitoring": "5 monitoring",
    "workbench": "5 monitoring",
    "reference": "6 customers",
    "customer": "6 customers",
    "corporate": "7 corporate",
}
"""By schema of the marts; later ones may read earlier ones."""
OTHER = "other"
"""Models that no mart reads: for gates and confirmation."""

_BEGUN = "Running with dbt="
_DONE = re.compile(r"OK created sql \w+ model \w+\.(\S+) \.* ?\[OK in ([\d.]+)s\]")


def chapter_of_models(manifest: Mapping[str, Any]) -> dict[str, str]:
    """The first chapter that needs a model: without the later ones it would be built, too.

    Args:
        manifest: dbt's, as parsed.

    Returns:
        A value of ``CHAPTERS`` by name of the model, ``OTHER`` where no mart reads it.
    """
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    found: dict[str, str] = {}
    marts = [(CHAPTERS[node["schema"]], key) for key, node in models.items() if node["schema"] in CHAPTERS]
    for chapter, mart in sorted(marts):
        waiting = [mart]
        while waiting:
            key = waiting.pop()
            if key in models and key not in found:
                found[key] = chapter
                waiting += models[key]["depends_on"]["nodes"]
    return {node["name"]: found.get(key, OTHER) for key, node in models.items()}


def model_seconds(log: Path) -> dict[str, float]:
    """Seconds of each model in the last build that a log tells of."""
    if not log.exists():
        return {}
    last = log.read_text(encoding="utf-8").rpartition(_BEGUN)[2]
    return {model: float(took) for model, took in _DONE.findall(last)}
