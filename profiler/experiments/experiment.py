"""What an experiment is: steps to run, and a judgement of their results as rows and checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from profiler.capture.recorders import recorders
from profiler.capture.request import CaptureRequest
from profiler.capture.step import Ended, Step, judge_exit
from profiler.errors import ProfilerError, ToolMissingError
from profiler.tools.registry import TOOLS, UNTRACED

if TYPE_CHECKING:
    from profiler.experiments.evidence import Evidence

SCRATCH = "scratch"
"""Folder below the run for files that one step hands to the next; removed when the run ends."""

STEP_TIMEOUT_S = 300.0
"""Longest wall time of a step."""


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


def program_step(name: str, argv: tuple[str, ...], tool: str = UNTRACED, **settings: Any) -> Step:
    """Return a step that runs a program; it writes its result document where `--json` says.

    Args:
        name: Name within the experiment; also of its result.
        argv: Program and arguments.
        tool: Tool under which it runs.
        settings: Further attributes of `Step`.
    """
    plain = TOOLS[tool].untraced
    result = Path("raw") / tool / (f"steps/{name}.json" if plain else "result.json")
    request = CaptureRequest(tools=(tool,), command=(*argv, "--json", str(result)), timeout_s=STEP_TIMEOUT_S)
    own = request if plain else recorders()[tool].for_sweep(request, "")
    return Step(name, own, plain=plain, result=result, judge=judge_program, **settings)


def judge_program(ended: Ended) -> ProfilerError | None:
    """Return the failure of a step; that the driver lacks a GPU or TensorRT ends the experiment."""
    code = ended.process.returncode
    if code != ToolMissingError.exit_code or code in ended.step.expected:
        return judge_exit(ended)
    ended.stops = True
    message = ended.listener.error or f"{ended.step.name}: the driver lacks a library"
    return ToolMissingError(message, ended.listener.fix or "set TENSORRT_LIBRARY_DIR; profiler doctor looks at all of it")


def driver_step(toolbox: Toolbox, name: str, options: str, *more: str, **settings: Any) -> Step:
    """Return a step that runs the driver.

    Args:
        toolbox: What this machine offers.
        name: Name of the step.
        options: Options, separated by spaces.
        more: Options whose values may hold spaces.
        settings: As for `program_step`.
    """
    return program_step(name, driver_command(toolbox, options, *more), **settings)


def driver_command(toolbox: Toolbox, options: str, *more: str) -> tuple[str, ...]:
    """Return the driver with options, as `driver_step` takes them."""
    device = ("--device", str(toolbox.device)) if toolbox.device else ()
    return (str(toolbox.driver), *options.split(), *more, *device)
