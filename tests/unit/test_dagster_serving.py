"""How Dagster is started: quiet towards the outside, one night at a time, on a free port of this machine."""

import socket
from pathlib import Path

import dagster as dg
import pytest

from orchestration.errors import ConfigurationError
from orchestration.serving import INSTANCE, LOOPBACK, serve_pages
from orchestration.settings import Settings


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
