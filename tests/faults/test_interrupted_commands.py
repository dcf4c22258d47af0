"""Ctrl-C and SIGTERM in commands other than a run: one line, a documented code, and the next try is right."""

import json
import subprocess
import sys
from pathlib import Path
from signal import SIGINT, SIGTERM

from orchestration.errors import ExitCode
from tests.faults.conftest import FIRST
from tests.support.warehouse import Warehouse, tree_hashes

INTERRUPTED = "Interrupted. What was published stays. Run again."
CODES = {SIGINT: ExitCode.INTERRUPTED, SIGTERM: ExitCode.TERMINATED}
MOMENTS = [(1, SIGINT), (10, SIGTERM), (40, SIGINT)]
"""Which touch of a file: while settings are read, and while the command is at work."""


def test_a_signal_in_any_command_is_one_line_and_the_next_try_comes_out_right(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    home = warehouse.home
    batch = f"{FIRST}/1"
    commands = [
        ["feeds", "--date", str(FIRST), "--to", str(home / "feeds")],
        ["release-for", "--org", "O1"],
        ["validate", str(home / "landing" / f"business_date={FIRST}" / "sequence=1")],
        ["rollback", f"{FIRST}.1"],
        ["withdraw", batch, "--reason", "an exercise"],
    ]
    published = tree_hashes(home / "published")
    asked = [[command, *moment] for command in commands for moment in [*MOMENTS, (None, None)]]

    done = subprocess.run(
        [sys.executable, "-m", "tests.campaign.signalled", home, tmp_path],
        cwd=warehouse.project,
        env=warehouse.environment,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )

    for (command, touch, number), (code, said) in zip(asked, json.loads(done.stdout), strict=True):
        if touch is None:
            assert code == ExitCode.OK, (command, said)
        else:
            # a line of progress may stand before it
            assert (code, said.splitlines()[-1:]) == (CODES[number], [INTERRUPTED]), (command, touch, said)
            assert "Traceback" not in said
    assert tree_hashes(home / "published") == published
    assert list((home / "feeds").glob("*.csv")) and list((home / "cuts").rglob("*.duckdb"))
    # nothing half-made is left beside them
    assert not [path.name for path in home.rglob(".*building*")]
