"""What one worker process is told: its points, engine, settings and where to write."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from profiler.engines.base import EngineOptions
from profiler.runner.point import Point
from profiler.runner.settings import MeasureSettings


@dataclass(frozen=True)
class WorkerSpec:
    """The orders of one worker process.

    Attributes:
        points: Points to run, in order.
        engine: Engine name.
        options: What the engine is opened with.
        settings: How points are measured.
        journal: Journal that gets each finished point.
        segment: Number of this process, kept in the journal.
        ranges: Where the times of the NVTX ranges go; empty: nowhere.
        recorder: Embedded recorder to run in the process: empty or `cupti`.
        records: Where the embedded recorder writes.
    """

    points: list[Point]
    engine: str
    options: EngineOptions
    settings: MeasureSettings
    journal: str
    segment: int = 1
    ranges: str = ""
    recorder: str = ""
    records: str = ""

    def write(self, path: Path) -> None:
        """Write the orders."""
        data = asdict(self)
        data["points"] = [point.to_dict() for point in self.points]
        path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> WorkerSpec:
        """Read the orders that the supervisor wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        data["points"] = [Point.from_dict(item) for item in data["points"]]
        options = {**data["options"], "plugin_libraries": tuple(data["options"]["plugin_libraries"])}
        data["options"] = EngineOptions(**options)
        data["settings"] = MeasureSettings.from_dict(data["settings"])
        return cls(**data)
