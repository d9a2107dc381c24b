"""Options that several verbs share, and how their values become what the library takes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from profiler.runner.option import described
from profiler.store.run_dir import RUNS_VARIABLE

_RUNS_HELP = "Folder that holds runs. (default: $PROFILER_RUNS, else runs/)"
RunsOption = Annotated[Path, typer.Option("--runs", envvar=RUNS_VARIABLE, help=_RUNS_HELP, show_default=False, show_envvar=False)]
GivenRunsOption = Annotated[Path | None, typer.Option("--runs", help=_RUNS_HELP)]
"""The same where it matters whether the user named one."""
TargetArgument = Annotated[
    str, typer.Argument(help="A run (id, label, unique prefix, `latest`) or a file (.sqlite, .nsys-rep, .ncu-rep, CSV).")
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        help="Times to go by: points (own timing), gpu_points or kernels (GPU timestamps), with :TOOL where several have them. "
        "(default: the best there is)",
    ),
]
ThresholdOption = Annotated[
    float | None,
    typer.Option("--threshold", help="Smallest relative change that matters. (default: 0.01)", rich_help_panel="Decision"),
]
BaselineOption = Annotated[str | None, typer.Option("--base", help="Name of a baseline; then all targets are candidates.")]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="File to write; stdout when left out.")]
FormatOption = Annotated[Literal["table", "json"], typer.Option("--format", help="table or json.")]
ComparisonFormat = Literal["table", "markdown", "json", "junit"]

_TYPES: dict[str, Any] = {
    **dict.fromkeys(("list", "words", "pairs"), list[str]),
    "flag": bool,
    "integer": int,
    "number": float,
    "path": Path,
    "comparison": ComparisonFormat,
}


def parameter(name: str, kind: str, flags: str, text: str, panel: str | None, default: Any = None) -> inspect.Parameter:
    """Return an option as a parameter of a verb.

    Args:
        name: Name of the parameter.
        kind: As `Described` has it, `path`, or `comparison` for a `ComparisonFormat`.
        flags: Spellings.
        text: Its help.
        panel: Panel of the help.
        default: Value where the user says nothing.
    """
    flag = typer.Option(*flags.split(), help=text, rich_help_panel=panel)
    annotation = Annotated[_TYPES.get(kind, str) | None, flag]  # type: ignore[valid-type]  # a type made at run time
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def with_parameters(verb: Callable[..., int], parameters: Iterable[inspect.Parameter]) -> Callable[..., int]:
    """Give a verb other parameters than it declares."""
    taken = [item.replace(kind=inspect.Parameter.KEYWORD_ONLY) for item in parameters]
    verb.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]  # what inspect.signature asks for
    verb.__annotations__ = {item.name: item.annotation for item in taken} | {"return": int}
    return verb


def with_options(verb: Callable[..., int], **others: type[Any]) -> Callable[..., int]:
    """Give a verb the options of each dataclass that it takes, made of `option`s, in place of that parameter.

    Args:
        verb: The verb.
        others: Parameter to the dataclass that it gets in place of the one declared.
    """
    own = inspect.signature(verb, eval_str=True).parameters.values()
    parts: dict[str, type[Any]] = {item.name: item.annotation for item in own if hasattr(item.annotation, "PANEL")} | others

    @functools.wraps(verb)
    def wrapped(**values: Any) -> int:
        built = {}
        for name, part in parts.items():
            given = {item.field: (item.kind, values.pop(item.field)) for item in described(part)}
            built[name] = part(**{field: read_value(*item) for field, item in given.items() if item[1] not in (None, [], ())})
        return verb(**values, **built)

    spread = [item for part in parts.values() for item in _parameters(part)]
    return with_parameters(wrapped, [*(item for item in own if item.name not in parts), *spread])


def _parameters(part: type[Any]) -> list[inspect.Parameter]:
    silent = {item.name: item.default or None for item in fields(part)}
    return [parameter(item.field, item.kind, item.flags, item.help, part.PANEL, silent[item.field]) for item in described(part)]


def read_value(kind: str, value: Any) -> Any:
    """Return an option's value as the request or the answer takes it: what repeats, or is joined by commas, as a tuple."""
    if kind == "words":
        return tuple(part.strip() for item in items(value) for part in item.split(",") if part.strip())
    return items(value) if kind == "list" else value


def items(value: str | Iterable[str]) -> tuple[str, ...]:
    """Return one text or several as several."""
    return tuple(str(item) for item in ([value] if isinstance(value, str) else value))
