"""What an experiment is: steps to run, and a judgement of their results as rows and checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.tools.registry import TOOLS, UNTRACED

if TYPE_CHECKING:
    from profiler.experiments.evidence import Evidence

SCRATCH = "scratch"
"""Folder below the run for files that one step hands to the next; removed when the run ends."""


@dataclass(frozen=True)
class Toolbox:
    """What this machine offers to steps.

    Attributes:
        driver: profiler-driver.
        null_stream_library: Plugin library whose kernels wrongly launch on the default stream; None when it is not built.
        torch_python: Interpreter that can import torch; empty when there is none.
        sanitizer: compute-sanitizer; empty when it is not installed.
        device: CUDA device ordinal.
    """

    driver: Path
    null_stream_library: Path | None = None
    torch_python: str = ""
    sanitizer: str = ""
    device: int = 0


@dataclass(frozen=True)
class Step:
    """One process of an experiment; it runs in the run folder.

    Attributes:
        name: Name within the experiment; also of its result and its log.
        argv: Program and arguments, without what says where the result goes.
        tool: `builtin` (no tool), `nsys` or `ncu`.
        expected: Exit codes that are no failure.
        result: False when the program writes no result document.
        prepare: Makes what the step needs from files of earlier steps; a non-empty answer is why the step cannot run.
        missing: Why the step cannot run on this machine; empty when it can.
        timeout_s: Longest wall time.
    """

    name: str
    argv: tuple[str, ...]
    tool: str = UNTRACED
    expected: tuple[int, ...] = (0,)
    result: bool = True
    prepare: Callable[[Path], str] | None = field(default=None, repr=False)
    missing: str = ""
    timeout_s: float = 300.0

    @property
    def result_path(self) -> Path:
        """Where the result document goes, relative to the run folder."""
        if TOOLS[self.tool].untraced:
            return Path("raw/builtin/steps") / f"{self.name}.json"
        return Path("raw") / self.tool / "result.json"

    @property
    def command(self) -> tuple[str, ...]:
        """The whole command line of the program itself, relative to the run folder."""
        return (*self.argv, "--json", str(self.result_path)) if self.result else self.argv


@dataclass(frozen=True)
class Column:
    """A column of an experiment's table.

    Attributes:
        name: Key of the rows, with its unit as suffix.
        unit: Unit as `profiler.units.format_value` takes it; empty for text.
        text: What it means.
    """

    name: str
    unit: str = ""
    text: str = ""


@dataclass(frozen=True)
class Check:
    """One thing that an experiment must show.

    Attributes:
        name: What must hold.
        passed: Whether it does; None when the evidence is missing on this machine.
        found: What was found, or what is missing.
    """

    name: str
    passed: bool | None
    found: str

    @property
    def verdict(self) -> str:
        """The result in words."""
        return "cannot tell" if self.passed is None else "passed" if self.passed else "failed"


@dataclass(frozen=True)
class Outcome:
    """What an experiment showed.

    Attributes:
        columns: Columns of the table.
        rows: Its rows; a missing value is None.
        checks: What must hold.
        notes: Sentences that a reader of the table needs.
    """

    columns: tuple[Column, ...]
    rows: tuple[dict[str, Any], ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if check.passed is False)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes:
        name: Name on the command line.
        question: What it answers.
        steps: Makes the steps for a machine.
        evaluate: Judges the results; reads the run folder only.
        needs: Parts it cannot do without: `null-stream library`, `nsys`, `ncu`, `compute-sanitizer`.
        in_all: Part of `all`.
    """

    name: str
    question: str
    steps: Callable[[Toolbox], tuple[Step, ...]] = field(repr=False)
    evaluate: Callable[[Evidence], Outcome] = field(repr=False)
    needs: tuple[str, ...] = ()
    in_all: bool = True


def driver_step(toolbox: Toolbox, name: str, options: str, *more: str, **settings: Any) -> Step:
    """Return a step that runs the driver.

    Args:
        toolbox: What this machine offers.
        name: Name of the step.
        options: Options, separated by spaces.
        more: Options whose values may hold spaces.
        settings: Further attributes of `Step`.
    """
    device = ("--device", str(toolbox.device)) if toolbox.device else ()
    return Step(name, (str(toolbox.driver), *options.split(), *more, *device), **settings)
