"""What an experiment left in its run folder: how each step ended and what it measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.experiments.experiment import Check
from profiler.experiments.measured import MeasuredPoint
from profiler.runner.result import RESULT_SCHEMA, RESULT_VERSION
from profiler.store.compressed import readable
from profiler.store.document import read_document
from profiler.store.run_dir import RunDir
from profiler.tools.registry import UNTRACED

if TYPE_CHECKING:
    from profiler.metrics.recording import Recording


@dataclass(frozen=True)
class StepRecord:
    """How one step ended.

    Attributes:
        name: Name of the step.
        tool: Tool under which it ran.
        argv: Exact command line, relative to the run folder.
        expected: Exit codes that are no failure.
        returncode: Exit code; None when it did not run.
        reason: Why it did not run, or why it failed.
        duration_s: Wall time.
        log: Its output, relative to the run folder.
        result: Its result document, relative to the run folder; empty when it wrote none.
    """

    name: str
    tool: str = UNTRACED
    argv: tuple[str, ...] = ()
    expected: tuple[int, ...] = (0,)
    returncode: int | None = None
    reason: str = ""
    duration_s: float | None = None
    log: str = ""
    result: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> StepRecord:
        """Build a record from its JSON form.

        Raises:
            TypeError: A field is unknown.
        """
        return cls(**{**data, "argv": tuple(data["argv"]), "expected": tuple(data["expected"])})


class Evidence:
    """The results of an experiment's steps.

    Args:
        folder: Run folder.
        steps: How each step ended.
    """

    def __init__(self, folder: Path, steps: Mapping[str, StepRecord]) -> None:
        self.folder = folder
        self.steps = steps

    @cached_property
    def documents(self) -> dict[str, dict[str, Any]]:
        """The result documents, by step; one that wrote none has none.

        Raises:
            BadExportError: One is damaged.
        """
        return {name: read_result(self.folder / record.result) for name, record in self.steps.items() if record.result}

    def points(self, step: str) -> list[MeasuredPoint]:
        """Return a step's sweep points, in the order in which they ran."""
        return [MeasuredPoint(point) for point in self.documents.get(step, {}).get("points", ())]

    @cached_property
    def recording(self) -> Recording:
        """The run as a recording, for metrics over the captures of tools."""
        from profiler.metrics.recording import load

        return load(self.folder)

    def recording_without(self, tool: str) -> Recording:
        """Return the run without one tool's capture, which cannot be read on this machine."""
        from profiler.metrics.recording import Recording
        from profiler.tables.source import run_sources

        run = RunDir(self.folder)
        return Recording(run.manifest.label, self.folder, [source for source in run_sources(run) if source.tool != tool], run)

    def step_checks(self) -> tuple[Check, ...]:
        """Return one check for each step that ended as it should not."""
        checks = []
        for record in self.steps.values():
            unable = record.returncode is None and bool(record.reason)
            if unable or record.returncode not in record.expected:
                found = record.reason or f"exit status {record.returncode}"
                checks.append(Check(f"step {record.name} ran", None if unable else False, found))
        return tuple(checks)


def read_result(path: Path) -> dict[str, Any]:
    """Read a result document.

    Raises:
        BadExportError: The file is absent, cut off, something else, or of a newer version.
    """
    return read_document(readable(path), RESULT_SCHEMA, RESULT_VERSION, "run the experiment again")
