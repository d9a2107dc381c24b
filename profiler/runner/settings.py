"""How every point is measured. Names, defaults, limits and texts stand in options.json; the measuring core checks values by it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from profiler.errors import UsageError, nearest
from profiler.runner.core import load_core

Value = int | float | str | bool | None
STOP_RULE = ("min_iterations", "max_iterations", "min_time", "max_time", "stability")
"""What `iterations`, a fixed count, stands in the place of."""


@dataclass(frozen=True)
class MeasureOption:
    """One measuring option.

    Attributes:
        name: Its name; on a command line `--` and the name with `-`, for a flag that is on by default `--no-` and the name.
        type: `integer`, `number`, `choice` or `flag`.
        default: Its default; None: off.
        help: What it does.
        unit: Unit of its value.
        aliases: Earlier names, which keep working.
        hidden: Set by this package, not by the user.
    """

    name: str
    type: str
    default: Value
    help: str
    unit: str | None = None
    aliases: tuple[str, ...] = ()
    hidden: bool = False


def read_options(path: Path) -> tuple[MeasureOption, ...]:
    """Read the description of the options."""
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["options"]
    known = {item.name for item in fields(MeasureOption)}
    own = [{name: value for name, value in row.items() if name in known} for row in rows]
    return tuple(MeasureOption(**{**row, "aliases": tuple(row.get("aliases", ()))}) for row in own)


OPTIONS = read_options(Path(__file__).with_name("options.json"))
NAMES = {name: option for option in OPTIONS for name in (option.name, *option.aliases)}
"""Every name and alias to its option."""


@dataclass(frozen=True, init=False)
class MeasureSettings:
    """The measuring discipline of one sweep, the same for all its points; the options are its attributes.

    Args:
        given: Option (or alias) to value; None and what is left out take the default.

    Raises:
        UsageError: An option is unknown, a value out of range, or two contradict each other.
        ToolMissingError: The measuring core, which knows, was not built.
    """

    values: Mapping[str, Value]

    def __init__(self, **given: Any) -> None:
        unknown = next((name for name in given if name not in NAMES), "")
        if unknown:
            raise UsageError(f"unknown setting {unknown}", nearest(unknown, NAMES))
        chosen = {NAMES[name].name: value for name, value in given.items() if value is not None}
        fixed = [name for name in STOP_RULE if name in chosen and "iterations" in chosen]
        if fixed:
            raise UsageError(f"iterations contradicts {', '.join(fixed)}", "drop one of the two: iterations fixes the count")
        # a number as text, for JSON has no NaN
        texts = {name: str(value) if isinstance(value, float) else value for name, value in chosen.items()}
        object.__setattr__(self, "values", load_core().call("settings", texts))

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["values"][NAMES[name].name]
        except KeyError:
            raise AttributeError(name) from None

    def changed(self, **changes: Value) -> MeasureSettings:
        """Return settings with some options changed."""
        return MeasureSettings(**{**self.to_dict(leave_out=STOP_RULE if "iterations" in changes else ()), **changes})

    def to_dict(self, leave_out: Iterable[str] = ()) -> dict[str, Value]:
        """Return the JSON form, of which the settings can be made again: what has a value; beside a fixed count no stop rule."""
        void = {*leave_out, *(STOP_RULE if self.values["iterations"] is not None else ())}
        return {name: value for name, value in self.values.items() if value is not None and name not in void}
