"""A sweep as one frozen object: checked once, written as JSON into the run folder, and read from there by whoever runs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from profiler.errors import UsageError, nearest
from profiler.runner.option import option
from profiler.runner.point import Point
from profiler.runner.settings import MeasureSettings

REQUEST_SCHEMA = "profiler-request"
REQUEST_VERSION = 1
REQUEST = "request.json"
JOURNAL = "points.jsonl"
RESULT = "result.json"
RANGES = "ranges.json"

AUTO = "auto"
DRIVERS = ("auto", "python", "cpp")
RECORDERS = ("", "ranges", "activity")


@dataclass(frozen=True)
class SweepOptions:
    """A sweep of the project's own runner or driver.

    Attributes:
        points: What runs, in order.
        driver: `python` (profiler.runner), `cpp` (profiler-driver) or `auto`.
        engine: `reference`, `direct`, `tensorrt`, `torch`, …, `module:Class`; `auto` takes the GPU where there is one.
        settings: How points are measured.
        plugin_libraries: Shared libraries with plugins or with the ops' C interface.
        engine_file: A serialised TensorRT engine of the user's own.
        onnx_file: An ONNX model of the user's own.
        point_timeout_s: A point that takes longer has failed.
        device: CUDA device ordinal.
        cache_folder: Where built engines and timing caches are kept; empty: nowhere.
        recorder: What the runner itself records: nothing, the times of its `ranges`, or the CUDA `activity`.
        segment: Number of the attempt, from 1.
    """

    points: tuple[Point, ...]
    driver: str = option(AUTO, "cpp (profiler-driver), python (the runner) or auto.", "--driver")
    engine: str = option(AUTO, "reference, direct, tensorrt, tensorrt_rtx, torch, module:Class or auto.", "--engine")
    settings: MeasureSettings = field(default_factory=MeasureSettings)
    plugin_libraries: tuple[str, ...] = option((), "Library with plugins; may be repeated.", "--plugin-library", "list")
    engine_file: str = option("", "A serialised engine of your own.", "--engine-file")
    onnx_file: str = option("", "An ONNX model of your own.", "--onnx")
    point_timeout_s: float = option(300.0, "A point that takes longer has failed, s.", "--point-timeout", "number")
    device: int = option(0, "CUDA device ordinal.", "--device", "integer")
    cache_folder: str = ""
    recorder: str = ""
    segment: int = 1

    def __post_init__(self) -> None:
        """Check every value once.

        Raises:
            UsageError: There is no point, or a value is unknown.
        """
        if not self.points:
            raise UsageError("the sweep has no point", "see profiler run --help")
        for name, known in (("driver", DRIVERS), ("recorder", RECORDERS)):
            if getattr(self, name) not in known:
                raise UsageError(f"--{name} {getattr(self, name)!r} is unknown", nearest(getattr(self, name), known))
        if self.point_timeout_s <= 0:
            raise UsageError(f"--point-timeout {self.point_timeout_s}", "give more than 0 seconds")

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        values["points"] = [point.to_dict() for point in self.points]
        return {**values, "settings": self.settings.to_dict(), "plugin_libraries": list(self.plugin_libraries)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SweepOptions:
        """Build a sweep from its JSON form.

        Raises:
            UsageError: A value is absent, unknown or out of range.
        """
        known = {item.name for item in fields(cls)}
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items() if name in known
        }
        try:
            values["points"] = tuple(Point.from_dict(item) for item in values["points"])
            values["settings"] = MeasureSettings(**values["settings"])
            return cls(**values)
        except (KeyError, TypeError) as error:
            raise UsageError(f"the sweep cannot be read ({error})", "record it again") from error

    def write(self, path: Path) -> None:
        """Write the document that runner and driver take with --request."""
        document = {"schema": REQUEST_SCHEMA, "schema_version": REQUEST_VERSION, **self.to_dict()}
        path.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")


def read_request(path: Path) -> SweepOptions:
    """Read the document that `SweepOptions.write` wrote.

    Raises:
        UsageError: The file is absent, is no such document, or is of another version.
    """
    hint = "profiler run --dry-run prints one"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error})", hint) from error
    kind = document.get("schema") if isinstance(document, dict) else None
    if kind != REQUEST_SCHEMA or document.get("schema_version") != REQUEST_VERSION:
        raise UsageError(f"{path}: no request of version {REQUEST_VERSION}", hint)
    return SweepOptions.from_dict(document)
