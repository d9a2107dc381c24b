"""Keeps two recordings from writing into one run folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from profiler.errors import UsageError
from profiler.store.run_dir import RunDir, storage_error

LOCK_NAME = ".lock"
ORPHANS_WAIT_S = 30.0
_TICK_S = 0.1


@contextmanager
def locked(run: RunDir) -> Iterator[None]:
    """Hold a run for as long as it is being recorded.

    The programs that are started meanwhile inherit the lock, so it holds until the last of them has ended, also when
    this process is killed. What a killed recording left behind is waited for.

    Raises:
        UsageError: Another process is recording into it.
        CaptureError: The folder is not writable.
    """
    path = run.path / LOCK_NAME
    try:
        stream = path.open("a+")
    except OSError as error:
        raise storage_error(run.path, error) from error
    with stream:
        _acquire(stream, run.run_id)
        if not path.exists() or path.stat().st_ino != os.fstat(stream.fileno()).st_ino:
            raise UsageError(f"{run.run_id} was finished by another process just now", "profiler list shows how it ended")
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        os.set_inheritable(stream.fileno(), True)
        try:
            yield
        finally:
            (run.path / LOCK_NAME).unlink(missing_ok=True)


def _acquire(stream: IO[str], run_id: str) -> None:
    deadline = time.monotonic() + ORPHANS_WAIT_S
    while True:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if _owner_lives(stream) or time.monotonic() > deadline:
                raise UsageError(f"{run_id} is being recorded by another process", "wait for it, or end it first") from error
        time.sleep(_TICK_S)


def _owner_lives(stream: IO[str]) -> bool:
    stream.seek(0)
    owner = stream.read().strip()
    return owner.isdecimal() and Path(f"/proc/{owner}").exists()
