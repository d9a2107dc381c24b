"""Keeps two recordings from writing into one run folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from profiler.errors import UsageError
from profiler.store.run_dir import RunDir, storage_error

LOCK_NAME = ".lock"


@contextmanager
def locked(run: RunDir) -> Iterator[None]:
    """Hold a run for as long as it is being recorded.

    The programs that are started meanwhile inherit the lock, so it holds until the last of them has ended, also when
    this process is killed.

    Raises:
        UsageError: Another process is recording into it.
        CaptureError: The folder is not writable.
    """
    try:
        stream = (run.path / LOCK_NAME).open("w")
    except OSError as error:
        raise storage_error(run.path, error) from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.set_inheritable(stream.fileno(), True)
        except BlockingIOError as error:
            raise UsageError(f"{run.run_id} is being recorded by another process", "wait for it, or end it first") from error
        try:
            yield
        finally:
            (run.path / LOCK_NAME).unlink(missing_ok=True)
