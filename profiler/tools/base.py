"""The two seams every tool fills: a Recorder that makes captures and a Reader that turns a capture into tables."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from profiler.errors import CaptureError

if TYPE_CHECKING:
    from profiler.capture.request import CaptureRequest
    from profiler.columns import Columns

Failure = tuple[str, str, str]
"""What stands in the output of a tool, what it means, and what to do."""


@dataclass(frozen=True)
class Tool:
    """What one tool is: the answers to what other code would otherwise ask by the tool's name.

    Attributes:
        name: As in `--tool`, in `raw/<name>` and in the columns of the point table.
        title: Name for people, in a sentence.
        word: Name in a heading.
        readers: Modules with a `READERS` tuple.
        recorder: Module with a `recorder`: called with `run` and `compute_capability`, it makes the `Recorder`.
        install: How to get it; empty when it is always there.
        adds: What a recording lacks without it; empty when another tool records that too.
        time_text: What its time of a sweep point is; empty when its times are no measure of speed.
        times_kernels: It records each kernel's own time on the GPU.
        marks_ranges: Its captures hold the ranges of sweep points.
        untraced: The program runs as it is and measures itself: no tool costs time.
        replays: It runs each kernel several times and alone: few iterations suffice, and its durations never meet others.
        needs_kernels: It has nothing to record of work on the CPU.
        own_runner_only: It records the project's own Python runner alone.
        automatic: `--tool auto` may choose it; among several, the first of the registry.
    """

    name: str
    title: str
    word: str
    readers: tuple[str, ...]
    recorder: str
    install: str = ""
    adds: str = ""
    time_text: str = ""
    times_kernels: bool = False
    marks_ranges: bool = False
    untraced: bool = False
    replays: bool = False
    needs_kernels: bool = False
    own_runner_only: bool = False
    automatic: bool = False


@dataclass
class ReadResult:
    """What a reader found in one file.

    Attributes:
        frames: Table name to rows, as `profiler.schema` sets them.
        absent: Table name to the reason why the file cannot fill it.
        info: Facts about the capture for the page's header: tool version, start time, options, host.
    """

    frames: dict[str, Columns] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)


class Reader(Protocol):
    """Reads one kind of file."""

    tool: str
    """Name of the tool whose capture this is."""
    suffixes: tuple[str, ...]
    """File endings this reader expects, `.sqlite` first in order of preference."""
    tables: tuple[str, ...]
    """Schema tables it can fill."""

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether this reader reads the file, by its first 4 KiB and not by its ending."""
        ...

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables.

        Raises:
            BadExportError: The file is not what its content claims.
        """
        ...


@dataclass(frozen=True)
class ToolVersion:
    """A tool as found on this machine.

    Attributes:
        path: Executable; empty when it has none of its own.
        version: Version, for comparisons.
        text: Name and version, for people.
        lacks: What of it is not there; empty when it is whole.
    """

    path: str
    version: tuple[int, ...]
    text: str
    lacks: str = ""


@dataclass(frozen=True)
class RecordPlan:
    """Exactly what a recorder will run.

    Attributes:
        argv: The whole command line, tool and target.
        environment: Variables set for it, beside the inherited ones.
    """

    argv: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


class Recorder(ABC):
    """Records a target program under one tool; what most tools need nothing for is done here.

    Args:
        run: Starts programs: `profiler.capture.process.run_process`.
        compute_capability: Tells the GPU's `major.minor`, on which the names of some metrics depend; None when unknown.
    """

    tool: str
    in_runner = ""
    """What the project's own runner records for this tool: nothing, its `ranges`, or the CUDA `activity`."""
    known: tuple[Failure, ...] = ()
    """Failures that stand in the tool's output, also after exit status 0."""

    def __init__(self, run: Any = None, compute_capability: Callable[[], str | None] = lambda: None) -> None:
        self._run, self._compute_capability = run, compute_capability

    @abstractmethod
    def probe(self) -> ToolVersion | None:
        """Find the tool; None when it is not installed."""

    def for_sweep(self, request: CaptureRequest, engine: str) -> CaptureRequest:
        """Return the request with the options of this tool that a sweep on an engine needs."""
        return request

    @abstractmethod
    def plan(self, request: CaptureRequest, folder: Path, stem: str) -> RecordPlan:
        """Say what will run, without running it; the same for `--dry-run`.

        Args:
            request: Options; its `command` is the target.
            folder: Where the capture goes, as the target's working directory sees it.
            stem: File name of the capture without its ending.

        Raises:
            ToolMissingError: The tool is not installed.
            UsageError: The request asks for what the tool cannot do.
        """

    @abstractmethod
    def finish(self, request: CaptureRequest, folder: Path, run: Callable[..., Any], stem: str) -> tuple[list[Path], list[str]]:
        """Export and scrub what was captured.

        Args:
            request: Options.
            folder: Where the capture is.
            run: `profiler.capture.process.run_process`.
            stem: File name of the capture without its ending.

        Returns:
            The artefacts, preferred first, and sentences worth telling the user.

        Raises:
            CaptureError: Nothing usable was written.
        """

    def recorded_points(self, folder: Path, stem: str) -> set[str] | None:
        """Return the labels of the sweep points that a capture holds whole; None where that is not told."""
        return None

    def diagnose(self, log: str) -> CaptureError | None:
        """Return the first known failure that stands in the output, with its line."""
        for pattern, message, hint in self.known:
            line = next((line for line in log.splitlines() if re.search(pattern, line)), None)
            if line is not None:
                return CaptureError(f"{message}: {line.strip()}", hint)
        return None

    def loses_nvtx(self, nvtx_version: str) -> bool:
        """Return whether ranges of a version of the Python package nvtx are lost under the installed tool."""
        return False

    def collided(self, log: str) -> bool:
        """Return whether the tool met another session of its own and ended before it started the program."""
        return False

    def remarks(self, log: str) -> list[str]:
        """Return what the tool itself called an error in its output, though it went on."""
        return []
