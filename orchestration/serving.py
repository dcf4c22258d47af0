"""``acrm serve``: Dagster's pages and its daemon, for this machine only.

Three processes: one that holds the definitions and runs the nights, behind a socket in a private folder;
the pages behind their guard, on the loopback address; the daemon, with the schedule and the sensor.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from types import FrameType
from typing import BinaryIO
from urllib.parse import quote

import yaml

from orchestration.console import out
from orchestration.errors import BusyError, ConfigurationError
from orchestration.releases.keys import PAGES_TOKEN, Key, key_file, provide_pages_token
from orchestration.rooms import room
from orchestration.settings import Settings, private_folder

LOOPBACK = "127.0.0.1"
PAGES = "python"
LOG = "serve.log"
"""What Dagster's processes say, in its folder; what a night says is in its run's page as well."""

INSTANCE = """\
telemetry: {enabled: false}
nux: {enabled: false}
concurrency:
  # all steps of a night share a process and the writer's lock: it is runs that must not overlap
  pools: {default_limit: 1, granularity: run}
  runs: {max_concurrent_runs: 1}
# a night that was cut off starts again; one that failed has a reason that time does not mend
run_retries: {enabled: true, max_retries: 3, retry_on_asset_or_op_failure: false}
retention:
  sensor: {purge_after_days: {skipped: 2, success: 90, failure: 90}}
  schedule: {purge_after_days: {skipped: 30, success: 90, failure: 90}}
"""
"""Dagster's instance, written where there is none; a bank may change its own."""

_START_SECONDS = 180
_STOP_SECONDS = 20
_LOOK_SECONDS = 0.5


def serve_pages(settings: Settings, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM. A night that is running then is stopped and starts anew at its next run.

    Raises:
        ConfigurationError: The pages are not installed, the port is taken, or others can read the token.
        BusyError: They are served already.
    """
    if find_spec("dagster_webserver") is None:
        raise ConfigurationError("Dagster's pages are not installed. Install them by: make setup-ui")
    _require_free(port)
    token = provide_pages_token(settings)
    home = private_folder(settings.dagster_home)
    if not (home / "dagster.yaml").exists():
        (home / "dagster.yaml").write_text(INSTANCE, encoding="utf-8")
    os.environ.update(_environment(settings))
    with ExitStack() as stack:
        stack.enter_context(_only_one(home))
        _close_interrupted_runs()
        # the path of a socket is short on every system, that of the warehouse need not be
        folder = stack.enter_context(room("serve"))
        stack.enter_context(_terminated_like_interrupted())
        log = stack.enter_context((home / LOG).open("wb"))
        try:
            _serve(folder, port, log, _invitation(settings, token, port))
        except ConfigurationError as error:
            raise ConfigurationError(f"{error} See {home / LOG}.") from error


def _invitation(settings: Settings, token: Key, port: int) -> str:
    """How to sign in; the token itself is shown to a person alone, and never written into a service's log."""
    address = f"http://{LOOPBACK}:{port}"
    if sys.stdout.isatty():
        return f"{address}/acrm/sign-in#{quote(token.text, safe='')}"
    if os.environ.get(PAGES_TOKEN, "").strip():
        return f"{address} (the token is {PAGES_TOKEN})"
    return f"{address} (the token is in {key_file(settings, PAGES_TOKEN)})"


def _serve(folder: Path, port: int, log: BinaryIO, invitation: str) -> None:
    code, workspace = folder / "code.sock", folder / "workspace.yaml"
    # the name is what Dagster keeps the sensor's and the schedule's state under
    server = {"socket": str(code), "location_name": "acrm"}
    workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}), encoding="utf-8")
    commands = [
        ["dagster", "code-server", "start", "-m", "orchestration.definitions", "-s", str(code)],
        [PAGES, "-m", "orchestration.pages", str(workspace), str(port)],
        ["dagster-daemon", "run", "-w", str(workspace)],
    ]
    # nights need no token
    others = {name: value for name, value in os.environ.items() if name != PAGES_TOKEN}
    children: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            # a session of its own: an interrupt from the terminal reaches all of them through this process
            children.append(
                subprocess.Popen(
                    _executable(command),
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    env=None if command[0] == PAGES else others,
                )
            )
            _wait_until(code.exists, children)
        _wait_until(lambda: _answers(port), children)
        out.print(f"Dagster's pages: {invitation}\nCtrl-C ends them.", soft_wrap=True)
        while True:
            _require_alive(children)
            sleep(_LOOK_SECONDS)
    except KeyboardInterrupt:
        out.print("Ending Dagster.")
    finally:
        _end(children)


def _executable(command: list[str]) -> list[str]:
    """A command of the environment that this process runs in."""
    name, *arguments = command
    return [str(Path(sys.executable).with_name(name)), *arguments]


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "ACRM_HOME": str(settings.home),
        "DAGSTER_HOME": str(settings.dagster_home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "DO_NOT_TRACK": "1",
    }


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise ConfigurationError(
                f"Port {port} cannot be used: {error.strerror}. Name another by --port."
            ) from error


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Be the one Dagster of the warehouse."""
    with (home / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyError("Dagster's pages of this warehouse are served already.") from error
        yield


def _close_interrupted_runs() -> None:
    """Mark runs as failed whose process ended with an earlier Dagster; others would wait for them."""
    import dagster as dg

    ended = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    with dg.DagsterInstance.get() as instance:
        for run in instance.get_runs(dg.RunsFilter(statuses=ended)):
            instance.report_run_failed(run, "Dagster was ended during the run. Start the night again.")


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    def interrupt(signum: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _wait_until(is_ready: Callable[[], bool], children: list[subprocess.Popen[bytes]]) -> None:
    deadline = monotonic() + _START_SECONDS
    while not is_ready():
        _require_alive(children)
        if monotonic() > deadline:
            raise ConfigurationError(f"Dagster has not started in {_START_SECONDS} seconds.")
        sleep(_LOOK_SECONDS)


def _require_alive(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is not None:
            raise ConfigurationError(f"Dagster ended by itself, with exit code {child.returncode}.")


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    """Ask every process to end, the daemon first; after a while, make what is left of them end."""
    for child in reversed(children):
        _signal(child, signal.SIGTERM)
    deadline = monotonic() + _STOP_SECONDS
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - monotonic()))
        _signal(child, signal.SIGKILL)
        child.wait()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal a child's whole process group: runs are processes of their own in it."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)
