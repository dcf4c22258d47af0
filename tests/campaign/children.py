"""A command of ``acrm`` in a child process that can be killed at any moment.

The child is forked from a process that has imported everything and parsed the project, so that a kill costs
what the command does and not what it loads. Its nights are built without dbt's work around each model
(:mod:`tests.support.quick_build`), or by dbt itself where a round asks for it.
"""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestration import cli, night
from tests.support.quick_build import QuickBuild

_POLL_SECONDS = 0.002


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Attributes:
        code: Its exit code; None if it was killed.
        said: What it wrote to stdout and stderr.
        seconds: From its start to its end.
    """

    code: int | None
    said: str
    seconds: float

    @property
    def has_traceback(self) -> bool:
        """Whether a user would have seen one."""
        return "Traceback (most recent call last)" in self.said


@dataclass(frozen=True)
class Child:
    """A command that is running."""

    pid: int
    began: float
    output: Path

    def wait(self, kill_after: float | None = None) -> Ended:
        """Wait for its end.

        Args:
            kill_after: Seconds from its start after which it is killed, with all that it started.
        """
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            seconds = time.monotonic() - self.began
            if pid:
                code = None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
                return Ended(code, self.output.read_text(encoding="utf-8", errors="replace"), seconds)
            if kill_after is not None and seconds >= kill_after:
                os.killpg(self.pid, signal.SIGKILL)
                kill_after = None
            time.sleep(_POLL_SECONDS)


def start(
    home: Path, arguments: list[str], output: Path, *, by_dbt: bool = False, largest_file: int | None = None
) -> Child:
    """Start ``acrm`` with these arguments.

    Args:
        largest_file: Bytes beyond which no file may grow; writing on fails as on a full disk.
    """
    return work(lambda: _acrm(home, arguments, by_dbt=by_dbt), output, largest_file=largest_file)


def work(task: Callable[[], int], output: Path, *, largest_file: int | None = None) -> Child:
    """Start any task of which the child's exit code comes out."""
    began = time.monotonic()
    pid = os.fork()
    if pid:
        return Child(pid, began, output)
    code = 70
    try:
        os.setsid()
        with output.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        if largest_file is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
        code = task()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _acrm(home: Path, arguments: list[str], *, by_dbt: bool) -> int:
    os.environ["ACRM_HOME"] = str(home)
    sys.argv = ["acrm", *arguments]
    if not by_dbt:
        night.Transform = QuickBuild  # type: ignore[assignment,misc]
    try:
        cli.main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 70
    return 0
