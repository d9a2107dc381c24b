"""The two seams every tool fills: a Recorder that makes captures and a Reader that turns a capture into tables."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

    from profiler.capture.request import CaptureRequest
    from profiler.errors import ProfilerError


@dataclass
class ReadResult:
    """What a reader found in one file.

    Attributes:
        frames: Table name to rows, as `profiler.schema` sets them.
        absent: Table name to the reason why the file cannot fill it.
        info: Facts about the capture for the page's header: tool version, start time, options, host.
    """

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)


class Reader(Protocol):
    """Reads one kind of file."""

    tool: str
    """Tool whose capture this is: `nsys`, `ncu`, `cupti` or `builtin`."""
    suffixes: tuple[str, ...]
    """File endings this reader expects, `.sqlite` first in order of preference."""
    tables: tuple[str, ...]
    """Schema tables it can fill."""

    def recognise(self, path: Path, head: bytes) -> bool:
        """Say from the first 4 KiB (not from the ending) whether this reader reads the file."""
        ...

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables.

        Raises:
            BadExportError: The file is not what its content claims.
        """
        ...


@dataclass(frozen=True)
class ToolVersion:
    """A tool as found on this machine."""

    path: str
    version: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class RecordPlan:
    """Exactly what a recorder will run.

    Attributes:
        argv: The whole command line, tool and target.
        environment: Variables set for it, beside the inherited ones.
        expected: Files that must exist afterwards, the capture among them.
    """

    argv: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    expected: tuple[Path, ...] = ()


class Recorder(Protocol):
    """Records a target program under one tool."""

    tool: str

    def probe(self) -> ToolVersion | None:
        """Find the tool; None when it is not installed."""
        ...

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
        ...

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
        ...

    def diagnose(self, log: str, returncode: int | None) -> ProfilerError | None:
        """Recognise a known failure in the output, also after exit status 0."""
        ...
