"""Runs points with the C++ driver as the supervisor's worker, and carries its results over into the journal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from profiler.errors import ToolMissingError, UsageError
from profiler.runner.point import Point
from profiler.runner.result import Journal
from profiler.runner.settings import MeasureSettings
from profiler.runner.supervisor import WorkerCommand

PROGRAM = "profiler-driver"
MIN_TIME_S = 0.1
"""The driver's default of --min-time."""
MAX_TIME_S = 86400.0
"""The most that the driver takes."""
ENGINES = ("direct", "tensorrt", "tensorrt_rtx", "native")


@dataclass
class DriverRun:
    """One process of the driver.

    Attributes:
        points: Points it was given, in order; the driver runs them in that order and rewrites its result after each.
        result: Its result file.
        journal: Where finished points go.
        timed: Keep the samples.
    """

    points: list[Point]
    result: Path
    journal: Journal
    timed: bool
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
        facts = _facts(document)
        if facts != self._facts:  # the timing cache, for one, has another digest after each build
            self._facts = facts
            self.journal.append("facts", **facts)
        fresh = document["points"][self._taken :]
        return [self._take(record) for record in fresh]

    def _take(self, record: dict[str, Any]) -> str:
        point = self.points[self._taken]
        self._taken += 1
        record = {**record, "label": point.label}
        if not self.timed:
            record.update(samples_ns=[], host_samples_ns=[])
        self.journal.append("point", point=record)
        reason = f" ({record['reason']})" if record.get("reason") else ""
        return f"point {record['status']}: {point.label}{reason}"


def _facts(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document.get(name) for name in ("program", "engine", "device", "versions", "digests")}


class DriverWorker:
    """Makes the commands that run points with the driver.

    Args:
        binary: profiler-driver.
        engine: `direct`, `tensorrt`, `tensorrt_rtx` or `native`.
        settings: How points are measured.
        options: Further options of the driver.
        journal: Where finished points go.
        scratch: Folder for its files.

    Raises:
        ToolMissingError: The driver is not built.
        UsageError: The driver has no such engine.
    """

    def __init__(
        self, binary: Path | None, engine: str, settings: MeasureSettings, options: list[str], journal: Journal, scratch: Path
    ) -> None:
        if binary is None:
            raise ToolMissingError(f"{PROGRAM} is not built", "build it: profiler build; or use --driver python")
        if engine not in ENGINES:
            raise UsageError(f"{PROGRAM} has no engine {engine!r}", f"known: {', '.join(ENGINES)}; or use --driver python")
        self._binary, self._engine, self._settings, self._options = binary, engine, settings, options
        self._journal, self._scratch = journal, scratch

    def __call__(self, points: list[Point], number: int) -> WorkerCommand:
        """Return the command of one process for some points."""
        labels, result = self._scratch / f"driver-{number}.points", self._scratch / f"driver-{number}.json"
        labels.write_text("".join(f"{point.label}\n" for point in points), encoding="utf-8")
        argv = [str(self._binary), "--points", str(labels), "--json", str(result), "--quiet", *self._measuring(), *self._options]
        run = DriverRun(points, result, self._journal, self._settings.timed)
        return WorkerCommand(argv, poll=run.poll)

    def _measuring(self) -> list[str]:
        settings = self._settings
        argv = ["--direct"] if self._engine == "direct" else []
        if settings.timed:
            argv += ["--min-iterations", str(settings.min_samples), "--max-iterations", str(settings.max_samples)]
            # the driver's own least time would contradict a shorter limit, and it refuses what is out of its range
            longest = min(settings.max_seconds, MAX_TIME_S)
            argv += ["--min-time", f"{min(MIN_TIME_S, longest):g}", "--max-time", f"{longest:g}"]
            argv += ["--stability", f"{min(settings.precision, 1.0):g}"]
        else:
            argv += ["--iterations", str(settings.min_samples)]
        argv += ["--warmup", str(settings.warmup), "--cache-mode", settings.cache, "--launch-mode", settings.launch_mode]
        argv += ["--streams", str(settings.streams), "--threads", str(settings.threads), "--seed", str(settings.seed)]
        return argv if settings.verify else [*argv, "--no-verify"]
