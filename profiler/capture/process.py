"""The only place that starts programs: no shell, live output, a time-out, and an end that takes every descendant along."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from profiler.errors import CaptureError, ToolMissingError

KEPT_LINES = 30
GRACE_S = 20.0
DRAIN_S = 1.0
_TICK_S = 0.05
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True)
class ProcessResult:
    """How a program ended.

    Attributes:
        argv: What ran.
        returncode: Exit status, negative for the signal that ended it.
        stopped: Why it was stopped before its end: `time-out`, `interrupted` or the reason that the watcher gave; else empty.
        duration_s: Wall time.
        last_lines: The end of its output.
        log: File with all of its output; None when none was asked for.
    """

    argv: tuple[str, ...]
    returncode: int
    stopped: str
    duration_s: float
    last_lines: tuple[str, ...]
    log: Path | None = None

    @property
    def output(self) -> str:
        """The whole output where there is a log, else its end."""
        if self.log is None:
            return "\n".join(self.last_lines)
        return self.log.read_text(encoding="utf-8", errors="replace")


_SHELL_SIGNAL = 128


def describe_exit(returncode: int) -> str:
    """Say in words how a process ended."""
    if returncode > _SHELL_SIGNAL:  # as shells, and nsys, pass a signal on
        try:
            return f"exit status {returncode} ({signal.Signals(returncode - _SHELL_SIGNAL).name})"
        except ValueError:
            pass
    if returncode >= 0:
        return f"exit status {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"


def run_process(
    argv: Sequence[str],
    *,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    timeout_s: float | None = None,
    on_line: Callable[[str], None] | None = None,
    watch: Callable[[], str] | None = None,
    grace_s: float = GRACE_S,
) -> ProcessResult:
    """Run a program to its end, or end it with all its descendants.

    Ctrl-C ends the program and is reported in the result, so that the caller can close what it holds before it goes on.

    Args:
        argv: Program and arguments; no shell is involved.
        log: Where its output (stdout and stderr in order of arrival) goes.
        environment: Variables set beside the inherited ones.
        folder: Working directory.
        timeout_s: Longest wall time.
        on_line: Called with each line of output as it comes.
        watch: Called often; a non-empty answer is the reason to stop the program.
        grace_s: Time between the polite request to end and the kill.

    Raises:
        ToolMissingError: The program does not exist or cannot be executed.
        CaptureError: The log cannot be written.
    """
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(_open_log(log)) if log else None
        mark = f"PROFILER_CHILD_{secrets.token_hex(8)}"
        process = _start(argv, {**(environment or {}), mark: "1"}, folder)
        reader = _Output(process, stream, on_line)
        try:
            stopped = _wait(process, reader, start, timeout_s, watch)
            if stopped:
                _end(process, reader, grace_s, mark)
            elif process.returncode < 0:
                _kill_tree(process.pid, mark)  # it was killed: what it had started must not stay behind
        except BaseException:
            _kill_tree(process.pid, mark)
            process.wait()
            raise
        finally:
            reader.close()
    duration = time.monotonic() - start
    return ProcessResult(tuple(argv), process.returncode, stopped, duration, tuple(reader.last), log)


def _open_log(log: Path) -> IO[bytes]:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("wb")
    except OSError as error:
        raise CaptureError(f"{log}: cannot write the log ({error.strerror})", "record elsewhere with --runs DIR") from error


def _start(argv: Sequence[str], environment: Mapping[str, str], folder: Path | None) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, **environment}, cwd=folder, start_new_session=True, close_fds=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        missing = folder if folder and not folder.is_dir() else argv[0]
        raise ToolMissingError(f"{missing}: not found", "check the spelling, or install it; profiler doctor lists tools") from error
    except OSError as error:
        raise ToolMissingError(f"{argv[0]}: cannot be run ({error.strerror})", "is it executable, and for this machine?") from error


class _Output:
    """Reads the program's output without blocking and hands on whole lines."""

    def __init__(self, process: subprocess.Popen[bytes], log: IO[bytes] | None, on_line: Callable[[str], None] | None) -> None:
        assert process.stdout is not None
        self._pipe = process.stdout
        self._log, self._on_line = log, on_line
        self._rest = b""
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)
        self.open = True
        self.last: deque[str] = deque(maxlen=KEPT_LINES)

    def pump(self, wait_s: float) -> None:
        """Take what has arrived, waiting for it for some time."""
        if not self.open:
            time.sleep(wait_s)
            return
        if not self._selector.select(wait_s):
            return
        data = os.read(self._pipe.fileno(), 1 << 16)
        if not data:
            self.open = False
        if self._log is not None:
            self._log.write(data)
            self._log.flush()
        *lines, self._rest = _LINE_END.split(self._rest + data)
        self._emit(lines)

    def _emit(self, lines: list[bytes]) -> None:
        for raw in lines:
            line = raw.decode("utf-8", "replace").rstrip()
            if not line:
                continue
            self.last.append(line)
            if self._on_line is not None:
                self._on_line(line)

    def drain(self) -> None:
        """Take what a finished program left; somebody else may hold the pipe open, so not for ever."""
        deadline = time.monotonic() + DRAIN_S
        while self.open and time.monotonic() < deadline:
            self.pump(_TICK_S)
        self._emit([self._rest])
        self._rest = b""

    def close(self) -> None:
        """Give the pipe back."""
        self._selector.close()
        self._pipe.close()


def _wait(
    process: subprocess.Popen[bytes],
    reader: _Output,
    start: float,
    timeout_s: float | None,
    watch: Callable[[], str] | None,
) -> str:
    try:
        while process.poll() is None:
            reader.pump(_TICK_S)
            if timeout_s is not None and time.monotonic() - start > timeout_s:
                return "time-out"
            reason = watch() if watch is not None else ""
            if reason:
                return reason
        reader.drain()
        return ""
    except KeyboardInterrupt:
        return "interrupted"


def _end(process: subprocess.Popen[bytes], reader: _Output, grace_s: float, mark: str) -> None:
    """Ask politely first: a tool then still writes what it has. Then kill everything that is left."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            _signal_group(process.pid, number)
            deadline = time.monotonic() + grace_s / 2
            while process.poll() is None and time.monotonic() < deadline:
                reader.pump(_TICK_S)
            if process.poll() is not None:
                break
    except KeyboardInterrupt:
        pass  # asked a second time: kill at once
    _kill_tree(process.pid, mark)
    process.wait()
    reader.drain()


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _kill_tree(group: int, mark: str) -> None:
    """Kill a process group and every process that carries its mark, also those that left the group.

    A tool puts its target and its agent into groups of their own; the mark in the environment still finds them. Twice,
    for those that were born meanwhile.
    """
    needle = f"{mark}=".encode()
    for _ in range(2):
        _signal_group(group, signal.SIGKILL)
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal() or int(entry.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                if needle in (entry / "environ").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)
