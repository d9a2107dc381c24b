"""The streams of a running program: its output is taken off its hands at once, and shown at the pace of whoever looks on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import shutil
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from functools import cache
from typing import IO

KEPT_LINES = 30
DRAIN_S = 1.0
_PIPE_BYTES = 1 << 20
_SHOWN_BYTES = 1 << 16
_LONGEST_LINE = 1 << 20
_INPUT_TICK_S = 0.2
_LINE_END = re.compile(rb"\r\n|\n|\r")


class ProgramOutput:
    """Moves the program's output into a file and follows that file line by line.

    A thread empties the pipe, so that a program never waits for its lines to be shown: a terminal that scrolls slowly or a
    reader that has stopped reading holds this process back, not the program that is being measured.

    Args:
        pipe: Read end of the program's output.
        log: File that keeps all of it; None keeps it in a temporary file while the program runs.
        on_line: Called with each line.
    """

    def __init__(self, pipe: IO[bytes], log: IO[bytes] | None, on_line: Callable[[str], None] | None) -> None:
        self._pipe, self._on_line = pipe, on_line
        self._file: IO[bytes] = log or tempfile.TemporaryFile()
        self._shown, self._rest = 0, b""
        self._arrived = threading.Event()
        self.last: deque[str] = deque(maxlen=KEPT_LINES)
        self.error: OSError | None = None
        with contextlib.suppress(OSError):  # a smaller pipe works too
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._closed, self._close = os.pipe()
        self._thread = threading.Thread(target=self._drain, name="output of the program", daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        source, target = self._pipe.fileno(), self._file.fileno()
        while self._closed not in select.select([source, self._closed], [], [])[0]:
            data = os.read(source, _PIPE_BYTES)
            if not data:
                return
            if self.error is None:
                try:
                    while data:
                        data = data[os.write(target, data) :]
                except OSError as error:  # the disk is full: the program goes on, its output is lost and that is said
                    self.error = error
            self._arrived.set()

    def show(self, wait_s: float) -> None:
        """Hand on the lines that have arrived, waiting for some for a while."""
        if self._arrived.wait(wait_s):
            self._arrived.clear()
            self._show_next()

    def _show_next(self) -> bool:
        data = os.pread(self._file.fileno(), _SHOWN_BYTES, self._shown)
        self._shown += len(data)
        if len(data) == _SHOWN_BYTES:
            self._arrived.set()
        *lines, self._rest = _LINE_END.split(self._rest + data)
        if len(self._rest) > _LONGEST_LINE:
            lines.append(self._rest)
            self._rest = b""
        self._emit(lines)
        return bool(data)

    def _emit(self, lines: list[bytes]) -> None:
        for raw in lines:
            line = raw.decode("utf-8", "replace").rstrip()
            if line:
                self.last.append(line)
                if self._on_line is not None:
                    self._on_line(line)

    def finish(self) -> None:
        """Hand on what a finished program left; something else may hold the pipe open, so waiting has an end."""
        self._thread.join(DRAIN_S)
        while self._show_next():
            pass
        self._emit([self._rest])
        self._rest = b""

    def close(self) -> None:
        """Give pipe, thread and file back."""
        os.close(self._close)
        self._thread.join()
        os.close(self._closed)
        self._pipe.close()
        self._file.close()


class Input(Enum):
    """What a program reads as its standard input.

    Attributes:
        EMPTY: Nothing.
        OWN: What this process was given.
        AGAIN: The same, whole, also for the next program: it is read to its end first.
    """

    EMPTY = "empty"
    OWN = "own"
    AGAIN = "again"


@contextmanager
def standard_input(kind: Input) -> Iterator[int]:
    """Yield the descriptor that a program reads as its standard input.

    A file or a pipe is handed on as it is. A terminal belongs to the session of its shell, which the program is not part of,
    so its lines are passed through a pipe.
    """
    own = None if kind is Input.EMPTY else _own_input()
    if own is None:
        with open(os.devnull, "rb") as empty:  # noqa: PTH123 - a device
            yield empty.fileno()
    elif not os.isatty(own):
        yield _whole_input(own) if kind is Input.AGAIN else own
    else:
        with _passed_on(own) as source:
            yield source


def _own_input() -> int | None:
    try:
        return sys.stdin.fileno() if sys.stdin is not None else None
    except (OSError, ValueError):  # closed, or replaced by an object that is no file
        return None


@cache
def _kept_input(own: int) -> IO[bytes]:
    """Return all of the standard input in a file; it can be read only once in the life of a process."""
    kept = tempfile.TemporaryFile()
    with os.fdopen(os.dup(own), "rb") as source:
        shutil.copyfileobj(source, kept)
    kept.flush()
    return kept


def _whole_input(own: int) -> int:
    kept = _kept_input(own).fileno()
    os.lseek(kept, 0, os.SEEK_SET)
    return kept


@contextmanager
def _passed_on(terminal: int) -> Iterator[int]:
    source, target = os.pipe()
    stopped = threading.Event()

    def pass_lines() -> None:
        with contextlib.suppress(OSError), os.fdopen(target, "wb", buffering=0) as sink:
            while not stopped.is_set():
                if select.select([terminal], [], [], _INPUT_TICK_S)[0]:
                    data = os.read(terminal, 1 << 16)
                    if not data:
                        return
                    sink.write(data)

    thread = threading.Thread(target=pass_lines, name="input of the program", daemon=True)
    thread.start()
    try:
        yield source
    finally:
        stopped.set()
        os.close(source)
        thread.join()
