"""What the contribution takes of a night: the time of its models, from dbt's log."""

import re
from pathlib import Path

_BEGUN = "Running with dbt="
_DONE = re.compile(r"OK created sql \w+ model (?:contribution|intermediate)\.(\S+) \.* ?\[OK in ([\d.]+)s\]")
_OF_CONTRIBUTION = re.compile(
    r"int_(contribution|ftp|org|ownership)__|(fct|agg|rpt)_\w*(contribution|cost_pool)"
)


def contribution_seconds(log: Path) -> float:
    """Seconds of the models of contribution in the last build that a log tells of.

    Two models run at a time: what the night waits for them is less.
    """
    if not log.exists():
        return 0.0
    last = log.read_text(encoding="utf-8").rpartition(_BEGUN)[2]
    return sum(float(took) for model, took in _DONE.findall(last) if _OF_CONTRIBUTION.match(model))
