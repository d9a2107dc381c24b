"""Runs points with the C++ driver as the supervisor's worker, and carries its results over into the journal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from profiler.capture.artefacts import find_driver
from profiler.errors import ToolMissingError, UsageError
from profiler.runner.point import Point
from profiler.runner.request import REQUEST, SweepOptions
from profiler.runner.result import Journal, progress_line
from profiler.runner.supervisor import WorkerCommand

PROGRAM = "profiler-driver"
ENGINES = ("direct", "tensorrt", "tensorrt_rtx", "native")
FACTS = ("program", "engine", "device", "versions", "digests", "settings")
"""What the result document says of the whole process."""


@dataclass
class DriverRun:
    """One process of the driver.

    Attributes:
        points: Points it was given, in order; the driver runs them in that order and rewrites its result after each.
        result: Its result file.
        journal: Where finished points go.
    """

    points: list[Point]
    result: Path
    journal: Journal
    _taken: int = 0
    _stamp: tuple[int, int] = field(default=(0, 0))
    _facts: dict[str, Any] = field(default_factory=dict)

    def poll(self) -> list[str]:
        """Take over what has been finished since the last look, and return a line of progress for each."""
        try:
            status = self.result.stat()
            if self._stamp == (status.st_mtime_ns, status.st_size):
                return []
            document = json.loads(self.result.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        self._stamp = (status.st_mtime_ns, status.st_size)
        facts = {name: document.get(name) for name in FACTS}
        if facts != self._facts:  # the timing cache, for one, has another digest after each build
            self._facts = facts
            self.journal.append("facts", **facts)
        fresh = zip(self.points[self._taken :], document["points"][self._taken :], strict=False)
        records = [{**record, "label": point.label} for point, record in fresh]
        self._taken += len(records)
        for record in records:
            self.journal.append("point", point=record)
        return [progress_line(record) for record in records]


class DriverWorker:
    """Makes the commands that run points with the driver.

    Args:
        request: What runs.
        journal: Where finished points go.
        scratch: Folder for its files.

    Raises:
        ToolMissingError: The driver is not built.
        UsageError: The driver has no such engine.
    """

    def __init__(self, request: SweepOptions, journal: Journal, scratch: Path) -> None:
        found = find_driver()
        if found is None:
            raise ToolMissingError(f"{PROGRAM} is not built", "build it: profiler build; or use --driver python")
        if request.engine not in ENGINES:
            raise UsageError(f"{PROGRAM} has no engine {request.engine!r}", f"known: {', '.join(ENGINES)}; or use --driver python")
        if request.engine_file or request.onnx_file:
            raise UsageError(
                "--engine-file and --onnx need --driver python",
                "or run the driver as your own program: -- profiler-driver --engine FILE",
            )
        self._binary, self._request, self._journal, self._scratch = found, request, journal, scratch

    def __call__(self, points: list[Point], number: int) -> WorkerCommand:
        """Return the command of one process for some points."""
        order, result = self._scratch / f"driver-{number}-{REQUEST}", self._scratch / f"driver-{number}.json"
        replace(self._request, points=tuple(points)).write(order)
        argv = [str(self._binary), "--request", str(order), "--json", str(result), "--quiet"]
        return WorkerCommand(argv, poll=DriverRun(points, result, self._journal).poll)
