"""How Dagster is started: quiet towards the outside, one night at a time, on a free port of this machine."""

import re
import socket
from importlib.metadata import entry_points
from pathlib import Path

import dagster as dg
import pytest

from orchestration.errors import ConfigurationError
from orchestration.serving import INSTANCE, LOOPBACK, serve_pages
from orchestration.settings import PROJECT, Settings


def test_the_instance_calls_nobody_and_runs_one_night_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text(INSTANCE, encoding="utf-8")
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        assert not instance.telemetry_enabled
        assert not instance.nux_enabled
        assert instance.get_concurrency_config().run_queue_config.max_concurrent_runs == 1
        assert instance.run_retries_enabled
        assert not instance.run_retries_retry_on_asset_or_op_failure


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"Port {port} cannot be used"):
            serve_pages(Settings.load(tmp_path), port)
    assert not (tmp_path / "dagster").exists()


def test_serving_needs_none_of_the_development_tools() -> None:
    """What it starts comes with the lock of `make setup-ui`, by the versions that are tested."""
    locked = {
        name: dict(re.findall(r"^([a-z0-9_.-]+)==([^ ]+)", text, re.M))
        for name in ("ui", "dev")
        for text in [(PROJECT / f"requirements-{name}.lock").read_text(encoding="utf-8")]
    }
    starts = {"dagster", "dagster-daemon", "dagster-webserver"}
    scripts = {entry.name: entry.dist.name for entry in entry_points(group="console_scripts") if entry.dist}

    assert {scripts[name] for name in starts} <= locked["ui"].keys()
    assert not {"pytest", "mypy", "ruff", "hypothesis"} & locked["ui"].keys()
    assert locked["ui"].items() <= locked["dev"].items()
