"""A command of ``acrm`` in a child process that can be killed at any moment.

The child is forked from a process that has imported everything and parsed the project, so that a kill costs
what the command does and not what it loads. Its nights are built without dbt's work around each model
(:mod:`tests.support.quick_build`), or by dbt itself where a round asks for it.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
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


@dataclass
class Child:
    """A command that is running."""

    pid: int
    began: float
    output: Path
    _end: Ended | None = None

    def poll(self) -> Ended | None:
        """How it ended; None while it runs."""
        if self._end is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
                said = self.output.read_text(encoding="utf-8", errors="replace")
                self._end = Ended(code, said, time.monotonic() - self.began)
        return self._end

    def wait(self, kill_after: float | None = None) -> Ended:
        """Wait for its end.

        Args:
            kill_after: Seconds from its start after which it is killed, with all that it started.
        """
        while (end := self.poll()) is None:
            if kill_after is not None and time.monotonic() - self.began >= kill_after:
                with suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGKILL)
                kill_after = None
            time.sleep(_POLL_SECONDS)
        return end


def start(home: Path, arguments: list[str], output: Path, *, by_dbt: bool = False) -> Child:
    """Start ``acrm`` with these arguments."""
    # whatever an earlier writer was at is no word of this one
    (home / "writer.note").unlink(missing_ok=True)
    return work(lambda: _acrm(home, arguments, by_dbt=by_dbt), output)


def work(task: Callable[[], int], output: Path) -> Child:
    """Start any task of which the child's exit code comes out, in a process group of its own."""
    began = time.monotonic()
    pid = os.fork()
    if pid:
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        return Child(pid, began, output)
    code = 70
    try:
        os.setpgid(0, 0)
        with output.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
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
