"""What a process uses between two points of its output, and what a warehouse takes on disk.

Figures come from Linux's ``/proc``. Nothing runs inside the measured process.
"""

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from pydantic import BaseModel, ConfigDict

LAYERS = ("landing", "lake", "quarantine", "quality", "build", "published")
"""Folders of a warehouse whose size is told."""

_POLL_SECONDS = 0.05
_RESET_PEAK = "5"
_KIB = 1024
_BLOCK = 512
_LINES_TOLD = 20


class Usage(BaseModel):
    """What was used in some stretch of time.

    Attributes:
        cpu_seconds: User and system time of all threads.
        peak_bytes: Most memory resident at once.
        read_bytes: Asked from the system, whether the disk or the page cache gave it.
        written_bytes: Handed to the system.
        disk_read_bytes: Of that, read from the disk.
        disk_written_bytes: Of that, sent to the disk.
    """

    model_config = ConfigDict(frozen=True)

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    read_bytes: int
    written_bytes: int
    disk_read_bytes: int
    disk_written_bytes: int

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            seconds=self.seconds + other.seconds,
            cpu_seconds=self.cpu_seconds + other.cpu_seconds,
            peak_bytes=max(self.peak_bytes, other.peak_bytes),
            read_bytes=self.read_bytes + other.read_bytes,
            written_bytes=self.written_bytes + other.written_bytes,
            disk_read_bytes=self.disk_read_bytes + other.disk_read_bytes,
            disk_written_bytes=self.disk_written_bytes + other.disk_written_bytes,
        )


class LayerSize(BaseModel):
    """Size of one folder of a warehouse.

    Attributes:
        logical_bytes: Lengths of all files, as their readers see them.
        disk_bytes: Blocks they occupy; a file with several names counts once.
    """

    model_config = ConfigDict(frozen=True)

    logical_bytes: int
    disk_bytes: int


class MeasuredProcessError(RuntimeError):
    """The measured command failed; the message ends with what it said."""


@dataclass(frozen=True)
class _Reading:
    seconds: float
    cpu_seconds: float
    io: tuple[int, int, int, int]


class _Watch:
    """Readings of one process, and its peak memory since the last of them."""

    def __init__(self, pid: int) -> None:
        self._folder = Path("/proc", str(pid))
        self._peak = 0
        self._can_reset = True
        self._lock = threading.Lock()
        self._reset_peak()

    def poll(self) -> None:
        with self._lock:
            self._peak = max(self._peak, self._resident())

    def turn(self) -> tuple[_Reading, int]:
        """A reading now and the peak since the turn before."""
        with self._lock:
            peak = max(self._peak, self._resident())
            self._peak = 0
            self._reset_peak()
            return self._reading(), peak

    def _reading(self) -> _Reading:
        # the name, in brackets, may hold spaces; after it come state, ppid, …, utime is field 14
        fields = (self._folder / "stat").read_text().rpartition(")")[2].split()
        ticks = sum(map(int, fields[11:15]))
        io = dict(line.split(": ") for line in (self._folder / "io").read_text().splitlines())
        names = ("rchar", "wchar", "read_bytes", "write_bytes")
        read, written, disk_read, disk_written = (int(io[key]) for key in names)
        return _Reading(
            perf_counter(), ticks / os.sysconf("SC_CLK_TCK"), (read, written, disk_read, disk_written)
        )

    def _resident(self) -> int:
        """The system's own high-water mark where it can be reset, else what is resident now."""
        mark = "VmHWM:" if self._can_reset else "VmRSS:"
        try:
            status = (self._folder / "status").read_text()
        except OSError:
            return 0
        # a process that has ended has no memory lines
        return next((int(line.split()[1]) * _KIB for line in status.splitlines() if line.startswith(mark)), 0)

    def _reset_peak(self) -> None:
        try:
            (self._folder / "clear_refs").write_text(_RESET_PEAK)
        except OSError:
            self._can_reset = False


def measure(
    command: Sequence[str],
    environment: Mapping[str, str],
    boundary: Callable[[str], str | None] = lambda line: None,
    first: str = "start",
) -> list[tuple[str, Usage]]:
    """Run a command; return what each stretch of it used.

    Args:
        boundary: Name of the stretch that begins with a line of the output, None if none does.
        first: Name of the stretch from the start to the first boundary.

    Raises:
        MeasuredProcessError: The command failed.
    """
    said: list[str] = []
    found: list[tuple[str, Usage]] = []
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        watch = _Watch(process.pid)
        ended = threading.Event()
        poller = threading.Thread(target=_poll, args=(watch, ended), daemon=True)
        poller.start()
        current, before = first, _start_of(watch)
        assert process.stdout is not None
        for line in process.stdout:
            said.append(line)
            stretch = boundary(line)
            if stretch is not None:
                now, peak = watch.turn()
                found.append((current, _used(before, now, peak)))
                current, before = stretch, now
        # the counters of an ended process can be read until it is waited for
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        ended.set()
        poller.join()
        now, peak = watch.turn()
        found.append((current, _used(before, now, peak)))
    if process.returncode:
        raise MeasuredProcessError(
            f"{' '.join(command)} ended with exit code {process.returncode}:\n{''.join(said[-_LINES_TOLD:])}"
        )
    return found


def _poll(watch: _Watch, ended: threading.Event) -> None:
    while not ended.wait(_POLL_SECONDS):
        watch.poll()


def _start_of(watch: _Watch) -> _Reading:
    reading, _ = watch.turn()
    # what happened between the start and this reading belongs to the process too
    return _Reading(reading.seconds, 0.0, (0, 0, 0, 0))


def _used(before: _Reading, now: _Reading, peak: int) -> Usage:
    read, written, disk_read, disk_written = (b - a for a, b in zip(before.io, now.io, strict=True))
    return Usage(
        seconds=now.seconds - before.seconds,
        cpu_seconds=now.cpu_seconds - before.cpu_seconds,
        peak_bytes=peak,
        read_bytes=read,
        written_bytes=written,
        disk_read_bytes=disk_read,
        disk_written_bytes=disk_written,
    )


def layer_sizes(home: Path) -> dict[str, LayerSize]:
    """Size of every layer of a warehouse that is there."""
    return {layer: folder_size(home / layer) for layer in LAYERS if (home / layer).exists()}


def folder_size(folder: Path) -> LayerSize:
    """Size of all files below a folder; none if it is not there."""
    files = [path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()]
    return LayerSize(logical_bytes=sum(files), disk_bytes=sum(file_blocks(folder).values()))


def file_blocks(folder: Path) -> dict[int, int]:
    """Bytes that each file below a folder occupies, by its number in the file system."""
    found = (path.lstat() for path in folder.rglob("*") if not path.is_dir())
    return {status.st_ino: status.st_blocks * _BLOCK for status in found}
