"""The journal of a marked program: one line for each finished point, on disk before the program goes on.

Whatever ends the program afterwards (an exit, a signal, `exec`, a crash) loses no point that was finished. Each process
writes a file of its own, so forked and spawned children are heard too.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

FOLDER_VARIABLE = "PROFILER_BUILTIN_DIR"
NAMES_VARIABLE = "PROFILER_MARKED_DIR"
"""Set where another tool takes the times: only the names of finished points are kept, to tell which the tool lost."""
PATTERN = "points-*.jsonl"


def folder() -> Path | None:
    """Return where this program's journal goes; None when nobody asked for one."""
    found = os.environ.get(FOLDER_VARIABLE) or os.environ.get(NAMES_VARIABLE)
    return Path(found) if found else None


def keeps_times() -> bool:
    """Return whether the journal is the recording itself."""
    return bool(os.environ.get(FOLDER_VARIABLE))


class PointJournal:
    """The file of one process.

    Args:
        target: Folder of the journals of this recording.
    """

    def __init__(self, target: Path) -> None:
        self.path = target / f"points-{os.getpid()}.jsonl"
        self._descriptor: int | None = None

    def append(self, event: str, **content: Any) -> None:
        """Write one event as one line; a folder that cannot be written ends the recording, not the program."""
        line = json.dumps({"event": event, "process_id": os.getpid(), **content}, ensure_ascii=False) + "\n"
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
                program = Path(*sys.argv[:1]).name or "python"  # its arguments may hold secrets
                self.append("process", program=program, parent_id=os.getppid())
            _write_all(self._descriptor, line.encode("utf-8", "replace"))
        except OSError as error:
            with contextlib.suppress(OSError):
                sys.stderr.write(f"profiler: {self.path}: cannot be written ({error.strerror}); its points are not recorded\n")


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
