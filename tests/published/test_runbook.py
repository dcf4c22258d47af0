"""The operators' pages: every command of theirs does what it says, one after the other."""

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.journal import entries
from orchestration.releases.on_disk import current_release
from orchestration.settings import PROJECT, Settings
from tests.support.warehouse import Warehouse

PAGES = [PROJECT / "docs" / "operators" / name for name in ("runbook.md", "privacy.md")]


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines()]


def test_every_command_of_the_operators_pages_runs(
    town: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    home = town.copy_to(tmp_path / "home").home
    # nothing is waiting: that a night runs is tested everywhere
    shutil.rmtree(home / "landing" / "business_date=2026-10-30")
    monkeypatch.setenv("ACRM_HOME", str(home))
    said = {}
    for page in PAGES:
        for command in commands(page):
            if command == "acrm rotate-key":
                monkeypatch.setenv("ACRM_HASH_KEY", "another key of the tests, as secret as the first")
            arguments = shlex.split(command.replace("$ACRM_HOME", str(home)))
            assert arguments[0] == "acrm"
            done = CliRunner().invoke(app, arguments[1:])
            assert done.exit_code == 0, (command, done.output, done.exception)
            said[command] = done.output

    assert "2026-10-28.1" in said["acrm rollback"]
    # what its nights noted of themselves, and what is made of it
    noted = [(entry.did, entry.by, entry.release) for entry in entries(Settings.load(home))]
    assert noted[:2] == [("published", "command line", f"2026-10-{day}.1") for day in (28, 29)]
    # the night that was taken away is late, and so are those after it: that is one line
    assert [did for did, *_ in noted[2:]] == ["late"]
    states = json.loads(said["acrm status --json"])["days"]
    came = {day["batch"]: (day["state"], day["since"] is None) for day in states if day["batch"]}
    assert came == {f"2026-10-{day}/1": ("published", False) for day in (28, 29)}
    # a new key, then an erasure: each is a release of the same night
    assert current_release(Settings.load(home)).name == "2026-10-29.3"
    assert {path.name for path in home.iterdir()} >= {"erasure"}
