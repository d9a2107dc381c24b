"""The result document of docs/formats.md and the journal from which it is put together.

The journal holds one JSON line per event and is flushed to disk after each, so a process that is killed loses nothing
that was finished.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from profiler.store.run_dir import write_atomic

RESULT_SCHEMA = "profiler-result"
RESULT_VERSION = 1
PROGRAM = "profiler.runner"


@dataclass
class JournalState:
    """What a journal says.

    Attributes:
        finished: Label to the point's record, in the order of finishing; a later record replaces an earlier one.
        running: Label of a point that was begun and not finished; empty when there is none.
        started_s: Time on the monotonic clock at which that point began.
        facts: The last facts that a process wrote: device, versions, digests.
    """

    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    running: str = ""
    started_s: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)


class Journal:
    """An append-only file of events.

    Args:
        path: The file; made when absent.
        segment: Number of the process that writes, kept with each point.
    """

    def __init__(self, path: Path, segment: int = 1) -> None:
        self.path = path
        self.segment = segment

    def append(self, event: str, **content: Any) -> None:
        """Write one event and make sure that it is on disk."""
        line = json.dumps({"event": event, "segment": self.segment, **content}, ensure_ascii=False) + "\n"
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())

    def read(self) -> JournalState:
        """Read all whole lines; a last line that was cut off is passed over."""
        state = JournalState()
        for item in self.events():
            if item["event"] == "start":
                state.running, state.started_s = item["label"], item["time_s"]
            elif item["event"] == "point":
                state.finished[item["point"]["label"]] = item["point"]
                state.running = ""
            elif item["event"] == "facts":
                state.facts = {key: value for key, value in item.items() if key not in ("event", "segment")}
        return state

    def events(self) -> list[dict[str, Any]]:
        """Return every whole event."""
        return read_events([self.path])

    def keep(self, wanted: Callable[[dict[str, Any]], bool]) -> None:
        """Forget every event that is not wanted: what the capture does not hold, for one."""
        kept = [json.dumps(item, ensure_ascii=False) + "\n" for item in self.events() if wanted(item)]
        write_atomic(self.path, "".join(kept))


def read_events(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return every whole event of some journals, in the order of the files; a line that was cut off is passed over."""
    found = []
    for path in paths:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
            with contextlib.suppress(ValueError):
                event = json.loads(line)
                if isinstance(event, dict) and isinstance(event.get("event"), str):
                    found.append(event)
    return found


def result_document(
    engine: str, argv: list[str], facts: dict[str, Any], points: list[dict[str, Any]], program: str = PROGRAM
) -> dict[str, Any]:
    """Put the result document together.

    Args:
        engine: Name of the engine.
        argv: Command line of the program.
        facts: `device`, `versions`, `digests` and `settings`.
        points: One record a point.
        program: Name of the program.
    """
    from profiler import __version__

    return {
        "schema": RESULT_SCHEMA,
        "schema_version": RESULT_VERSION,
        "program": {"name": program, "version": __version__},
        "engine": engine,
        "device": facts.get("device"),
        "versions": facts.get("versions", {}),
        "digests": facts.get("digests", {}),
        "argv": argv,
        "settings": facts.get("settings"),
        "points": points,
    }


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a document whole or not at all.

    Raises:
        CaptureError: The folder cannot be written or the disk is full.
    """
    write_atomic(path, json.dumps(document, ensure_ascii=False, indent=1))


def progress_line(record: Mapping[str, Any]) -> str:
    """Return what a worker says of a finished point; the supervisor counts these lines."""
    reason = f" ({record['reason']})" if record.get("reason") else ""
    return f"point {record['status']}: {record['label']}{reason}"
