"""How every point is measured. Names, defaults, limits and texts stand in options.json, for profiler-driver too."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from profiler.errors import UsageError, nearest

Value = int | float | str | bool | None
BOUNDS = (("min_iterations", "max_iterations"), ("min_time", "max_time"))
"""A bound that is given moves the default of the other one."""
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
        minimum: Least value.
        maximum: Largest value.
        choices: Values of a choice.
        aliases: Earlier names, which keep working.
        hidden: Set by this package, not by the user.
    """

    name: str
    type: str
    default: Value
    help: str
    unit: str | None = None
    minimum: float = -math.inf
    maximum: float = math.inf
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    hidden: bool = False

    def check(self, value: Any) -> Value:
        """Return a value as it is kept.

        Raises:
            UsageError: It has the wrong type or is out of range.
        """
        if self.type == "choice":
            _require(value in self.choices, f"{self.name} {value!r} is unknown", f"known: {', '.join(self.choices)}")
            return str(value)
        if self.type == "flag":
            _require(isinstance(value, bool), f"{self.name} {value!r} is no truth value", "give true or false")
            return bool(value)
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        whole = self.type == "number" or (number and value == int(value))
        inside = number and whole and self.minimum <= value <= self.maximum
        _require(inside, f"{self.name} {value!r}: out of range", f"give {self.minimum:g} to {self.maximum:g}")
        return int(value) if self.type == "integer" else float(value)


def _require(condition: bool, found: str, expected: str) -> None:
    if not condition:
        raise UsageError(found, expected)


def read_options(path: Path) -> tuple[MeasureOption, ...]:
    """Read the description of the options."""
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["options"]
    known = MeasureOption.__dataclass_fields__
    lists = ("choices", "aliases")
    described: list[dict[str, Any]] = [{key: value for key, value in row.items() if key in known} for row in rows]
    return tuple(MeasureOption(**{**row, **{key: tuple(row.get(key, ())) for key in lists}}) for row in described)


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
    """

    values: Mapping[str, Value]

    def __init__(self, **given: Any) -> None:
        unknown = next((name for name in given if name not in NAMES), "")
        _require(not unknown, f"unknown setting {unknown}", nearest(unknown, NAMES))
        chosen = {NAMES[name].name: NAMES[name].check(value) for name, value in given.items() if value is not None}
        fixed = [name for name in STOP_RULE if name in chosen and "iterations" in chosen]
        _require(not fixed, f"iterations contradicts {', '.join(fixed)}", "drop one of the two: iterations fixes the count")
        values = {option.name: chosen.get(option.name, option.default) for option in OPTIONS}
        for low, high in BOUNDS:
            _fit(values, chosen, low, high)
        object.__setattr__(self, "values", values)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["values"][NAMES[name].name]
        except KeyError:
            raise AttributeError(name) from None

    def changed(self, **changes: Value) -> MeasureSettings:
        """Return settings with some options changed."""
        return MeasureSettings(**{**self.to_dict(leave_out=STOP_RULE if "iterations" in changes else ()), **changes})

    def to_dict(self, leave_out: Iterable[str] = ()) -> dict[str, Value]:
        """Return the JSON form: what has a value; beside a fixed count there is no stop rule."""
        void = {*leave_out, *(STOP_RULE if self.values["iterations"] is not None else ())}
        return {name: value for name, value in self.values.items() if value is not None and name not in void}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> MeasureSettings:
        """Build settings from their JSON form, that of earlier versions too.

        Raises:
            UsageError: A key is unknown or a value out of range.
        """
        return cls(**data)


def _fit(values: dict[str, Value], given: Mapping[str, Value], low: str, high: str) -> None:
    least, most = values[low], values[high]
    if not isinstance(least, (int, float)) or not isinstance(most, (int, float)) or least <= most:
        return
    _require(low not in given or high not in given, f"{low} {least:g} is above {high} {most:g}", "lower the one or raise the other")
    if low in given:
        values[high] = least
    else:
        values[low] = most
