"""The only place that starts programs: no shell, live output, a time-out, and an end that takes every descendant along."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from profiler.capture import descendants
from profiler.capture.descendants import kill_marked
from profiler.capture.output import Input, ProgramOutput, standard_input
from profiler.errors import CaptureError, ToolMissingError

GRACE_S = 20.0
_TICK_S = 0.05


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
        return "\n".join(self.last_lines) if self.log is None else self.log.read_text(encoding="utf-8", errors="replace")


_SHELL_SIGNAL = 128
_SIGNALS = {item.value: item.name for item in signal.Signals}


def describe_exit(returncode: int) -> str:
    """Say in words how a process ended."""
    if returncode < 0:
        return f"killed by {_SIGNALS.get(-returncode, f'signal {-returncode}')}"
    passed_on = _SIGNALS.get(returncode - _SHELL_SIGNAL)  # as shells, and nsys, pass a signal on
    return f"exit status {returncode}{f' ({passed_on})' if passed_on else ''}"


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
    reads: Input = Input.EMPTY,
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
        reads: What it reads as its standard input.

    Raises:
        ToolMissingError: The program does not exist or cannot be executed.
        CaptureError: The log cannot be written, or the disk is full.
    """
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(_open_log(log)) if log else None
        mark = f"PROFILER_CHILD_{secrets.token_hex(8)}"
        source = stack.enter_context(standard_input(reads))
        process = _start(argv, {**(environment or {}), mark: "1", _guard(): "1"}, folder, source)
        assert process.stdout is not None  # noqa: S101 - tells the type checker
        reader = ProgramOutput(process.stdout, stream, on_line)
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
    if reader.error is not None and log is not None:
        failure = f"{log}: cannot write the log ({reader.error.strerror})"
        raise CaptureError(failure, "make room, or record elsewhere with --runs DIR")
    return ProcessResult(tuple(argv), process.returncode, stopped, duration, tuple(reader.last), log)


def _open_log(log: Path) -> IO[bytes]:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("w+b")
    except OSError as error:
        raise CaptureError(f"{log}: cannot write the log ({error.strerror})", "record elsewhere with --runs DIR") from error


def _start(argv: Sequence[str], environment: Mapping[str, str], folder: Path | None, source: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(argv),
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            cwd=folder,
            start_new_session=True,
            close_fds=False,
        )
    except FileNotFoundError as error:
        missing = folder if folder and not folder.is_dir() else argv[0]
        raise ToolMissingError(f"{missing}: not found", "check the spelling, or install it; profiler doctor lists tools") from error
    except OSError as error:
        raise ToolMissingError(f"{argv[0]}: cannot be run ({error.strerror})", "is it executable, and for this machine?") from error


def _wait(
    process: subprocess.Popen[bytes], reader: ProgramOutput, start: float, timeout_s: float | None, watch: Callable[[], str] | None
) -> str:
    try:
        while process.poll() is None:
            reader.show(_TICK_S)
            if timeout_s is not None and time.monotonic() - start > timeout_s:
                return "time-out"
            reason = watch() if watch is not None else ""
            if reason:
                return reason
        reader.finish()
        return ""
    except KeyboardInterrupt:
        return "interrupted"


def _end(process: subprocess.Popen[bytes], reader: ProgramOutput, grace_s: float, mark: str) -> None:
    """Ask politely first: a tool then still writes what it has. Then kill everything that is left."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            _signal_group(process.pid, number)
            deadline = time.monotonic() + grace_s / 2
            while process.poll() is None and time.monotonic() < deadline:
                reader.show(_TICK_S)
            if process.poll() is not None:
                break
    except KeyboardInterrupt:
        pass  # asked a second time: kill at once
    _kill_tree(process.pid, mark)
    process.wait()
    reader.finish()


def _signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def _kill_tree(group: int, mark: str) -> None:
    """Kill a process group and every process that carries its mark, also those that left the group."""
    _signal_group(group, signal.SIGKILL)
    kill_marked(mark)
    _signal_group(group, signal.SIGKILL)


@cache
def _guard() -> str:
    """Return the mark of all that this process starts, and have them killed when this process is.

    The guard stands outside of this process's session, so that no signal to it reaches the guard.
    """
    mark = f"PROFILER_CHILD_OF_{secrets.token_hex(8)}"
    argv = [sys.executable, "-I", "-S", descendants.__file__, mark]
    silent = subprocess.DEVNULL
    guard = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=silent, stderr=silent, start_new_session=True, cwd="/")
    atexit.register(guard.communicate, b"ended")
    return mark
