"""A command of ``acrm`` in a child process that can be killed at any moment.

The child is forked from a process that has imported everything and parsed the project, so that a kill costs
what the command does and not what it loads. Its nights are built without dbt's work around each model
(:mod:`tests.support.quick_build`), or by dbt itself where a round asks for it.

A moment is told by how many files the command has touched by then, not by the clock: the same kill comes
again on a slower machine. What libraries do between two touches is hit by a delay after the first of them.
"""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import Timer
from typing import Any

from orchestration import cli, night
from orchestration.settings import Settings
from orchestration.transform import Transform
from tests.support.macros import Macros
from tests.support.models import PROJECT
from tests.support.quick_build import QuickBuild

_POLL_SECONDS = 0.002
_TOUCHES = {
    "open",
    "os.chmod",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
}
"""What Python tells of (:pep:`578`) whenever a file or folder is opened, made, moved or removed."""

_IMPORTED_LATE = (
    "expectations.docs",
    "expectations.gate",
    "expectations.datasource",
    "expectations.suites.promises",
    "orchestration.console",
    "orchestration.night_report.write",
    "orchestration.publication.publish",
)


@dataclass(frozen=True)
class Kill:
    """The moment at which a command is killed, or asked to end.

    Attributes:
        touch: Number of the touch of a file at which it is, from 1.
        delay: Seconds after it.
        by: SIGKILL, or what a command may answer.
    """

    touch: int
    delay: float = 0.0
    by: signal.Signals = signal.SIGKILL


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Attributes:
        code: Its exit code; None if it was killed.
        said: What it wrote to stdout and stderr.
        touches: How often it had touched a file; 0 if it was killed.
    """

    code: int | None
    said: str
    touches: int

    @property
    def has_traceback(self) -> bool:
        """Whether a user would have seen one."""
        return "Traceback (most recent call last)" in self.said


@dataclass
class Child:
    """A command that is running."""

    pid: int
    output: Path
    _end: Ended | None = None

    def poll(self) -> Ended | None:
        """How it ended; None while it runs."""
        if self._end is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = None if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)
                said = self.output.read_text(encoding="utf-8", errors="replace")
                counted = _counted(self.output)
                touches = int(counted.read_text()) if counted.exists() else 0
                with suppress(ProcessLookupError):
                    # what it had started goes with it
                    os.killpg(self.pid, signal.SIGKILL)
                self._end = Ended(code, said, touches)
        return self._end

    def wait(self) -> Ended:
        """Wait for its end; whoever interrupts that ends it as well."""
        try:
            while (end := self.poll()) is None:
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt:
            os.killpg(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            raise
        return end


def start(
    home: Path,
    arguments: list[str],
    output: Path,
    *,
    by_dbt: bool = False,
    kill: Kill | None = None,
    environment: Mapping[str, str] | None = None,
) -> Child:
    """Start ``acrm`` with these arguments.

    Args:
        kill: When it is killed, with all that it has started; never, if it has ended by then.
    """
    # whatever an earlier writer was at is no word of this one
    (home / "writer.note").unlink(missing_ok=True)

    def task() -> int:
        os.environ.update(environment or {})
        touched = _count_touches(kill)
        try:
            return _acrm(home, arguments, by_dbt=by_dbt)
        finally:
            _counted(output).write_text(str(touched[0]))

    return work(task, output)


def work(task: Callable[[], int], output: Path) -> Child:
    """Start any task of which the child's exit code comes out, in a process group of its own."""
    _counted(output).unlink(missing_ok=True)
    pid = os.fork()
    if pid:
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)
        return Child(pid, output)
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


def _counted(output: Path) -> Path:
    return output.with_suffix(".touches")


def _count_touches(kill: Kill | None) -> list[int]:
    """Count them from now on, in the list's only place, and die at the right one."""
    touched = [0]

    def hook(event: str, _: tuple[Any, ...]) -> None:
        if event in _TOUCHES:
            touched[0] += 1
            if kill is not None and touched[0] == kill.touch:
                if kill.by != signal.SIGKILL:
                    Timer(kill.delay, os.kill, (os.getpid(), kill.by)).start()
                elif kill.delay:
                    # nobody handles the alarm: it ends the process wherever it is
                    signal.setitimer(signal.ITIMER_REAL, kill.delay)
                else:
                    os.killpg(0, signal.SIGKILL)

    sys.addaudithook(hook)
    return touched


def load_all() -> None:
    """Import what commands import late, parse the project and compile its models, once for all children."""
    for late in _IMPORTED_LATE:
        import_module(late)
    with tempfile.TemporaryDirectory() as home:
        Transform(Settings.load(Path(home)))
    macros = Macros()
    for model in (PROJECT / "models").rglob("*.sql"):
        macros.environment.compile(model.read_text(encoding="utf-8"))
