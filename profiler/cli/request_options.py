"""The options of `profiler run`, made from the descriptions of a request's parts, and the way from their values to the request."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from profiler.capture.request import CaptureRequest, NcuOptions, NsysOptions
from profiler.capture.sweep import Axes
from profiler.cli.options import items, parameter, read_value, with_parameters
from profiler.errors import UsageError, nearest
from profiler.runner.option import Described, described
from profiler.runner.request import SweepOptions
from profiler.runner.settings import OPTIONS, MeasureOption, MeasureSettings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_SWEEP = ("variant=scalar,vectorized", "block=64:1024:x2")
_PANELS: dict[type, str | None] = {
    CaptureRequest: None,
    Axes: "Sweep (without a command)",
    SweepOptions: "Sweep (without a command)",
    MeasureSettings: "Measuring",
    NsysOptions: "Nsight Systems",
    NcuOptions: "Nsight Compute",
}
_OF_A_SWEEP = (Axes, SweepOptions, MeasureSettings)


@dataclass(frozen=True)
class RunOption:
    """One option of `profiler run`.

    Attributes:
        owner: Part of the request that has it.
        item: Its description.
        names: Its names in a preset and in a mapping of options; the first is its own.
        default: What its help says of the default.
    """

    owner: type
    item: Described
    names: tuple[str, ...]
    default: Any

    def parameter(self) -> inspect.Parameter:
        """Return it as a parameter of the verb; None means that the user said nothing."""
        shown = f" Default: {self.default}." if self.default else ""
        return parameter(self.names[0], self.item.kind, self.item.flags, self.item.help + shown, _PANELS[self.owner])


def _of_class(owner: type) -> list[RunOption]:
    defaults = {
        item.name: item.default for item in fields(owner) if isinstance(item.default, (str, int, float)) and item.name != "python"
    }
    return [RunOption(owner, item, (item.name,), defaults.get(item.field, "")) for item in described(owner)]


def _of_setting(option: MeasureOption) -> RunOption:
    switched_off = option.default is True
    names = (f"no_{option.name}",) if switched_off else (option.name, *option.aliases)
    flags = " ".join("--" + name.replace("_", "-") for name in names)
    text = f"Do not: {option.help[0].lower()}{option.help[1:]}" if switched_off else option.help
    kind = {"choice": "text"}.get(option.type, option.type)
    return RunOption(MeasureSettings, Described(option.name, flags, text, kind), names, "" if switched_off else option.default)


RUN_OPTIONS = (
    *_of_class(CaptureRequest),
    *_of_class(Axes),
    *_of_class(SweepOptions),
    *(_of_setting(option) for option in OPTIONS if not option.hidden),
    *_of_class(NsysOptions),
    *_of_class(NcuOptions),
)
_BY_NAME = {name: option for option in RUN_OPTIONS for name in option.names}


def with_request_options(verb: Callable[..., int]) -> Callable[..., int]:
    """Give a verb every option of a request, in place of its own `**options`."""
    own = inspect.signature(verb, eval_str=True)
    kept = [item for item in own.parameters.values() if item.kind is not inspect.Parameter.VAR_KEYWORD]
    return with_parameters(verb, [*kept, *(option.parameter() for option in RUN_OPTIONS)])


def build_request(options: Mapping[str, Any], preset: Mapping[str, Any] | None = None) -> CaptureRequest:
    """Build the request.

    Args:
        options: Option name to value; None where the user said nothing.
        preset: Option name to value from a preset file; a flag beats it.

    Raises:
        UsageError: A value is wrong, or a command stands beside options of a sweep.
    """
    given = {name: value for name, value in options.items() if value not in (None, [], "", False)}
    merged = {**(preset or {}), **given}
    command = tuple(merged.pop("command", ()))
    parts = _sorted_into_parts(merged)
    flag = next((_BY_NAME[name].item.flags.split()[0] for name in merged if _BY_NAME[name].owner in _OF_A_SWEEP), "")
    if command and flag:
        raise UsageError(f"{flag} belongs to a sweep, and a command was given", f"leave out {flag}, or the command")
    own = parts[CaptureRequest]
    own.setdefault("label", Path(command[0]).name if command else f"{parts[Axes].get('op', Axes.op)}-sweep")
    nsys, ncu = NsysOptions(**parts[NsysOptions]), NcuOptions(**parts[NcuOptions])
    return CaptureRequest(**own, command=command, sweep=None if command else _sweep(parts), nsys=nsys, ncu=ncu)


def _sorted_into_parts(merged: Mapping[str, Any]) -> dict[type, dict[str, Any]]:
    parts: dict[type, dict[str, Any]] = {owner: {} for owner in _PANELS}
    for name, value in merged.items():
        option = _BY_NAME[name]
        parts[option.owner][option.item.field] = not value if name.startswith("no_") else _read(option.item.kind, value)
    return parts


def _sweep(parts: Mapping[type, dict[str, Any]]) -> SweepOptions:
    axes = Axes(**parts[Axes])
    if not (axes.sweeps or axes.sets or axes.points_file):
        axes = Axes(**{**parts[Axes], "sweeps": DEFAULT_SWEEP})
    return SweepOptions(points=tuple(axes.points()), settings=MeasureSettings(**parts[MeasureSettings]), **parts[SweepOptions])


def _read(kind: str, value: Any) -> Any:
    return dict(parse_variable(item) for item in items(value)) if kind == "pairs" else read_value(kind, value)


def parse_variable(text: str) -> tuple[str, str]:
    """Split `NAME=VALUE` of an environment variable; the value may be empty, and every blank of it counts.

    Raises:
        UsageError: There is no name or no `=`.
    """
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise UsageError(f"--env {text!r}: expected NAME=VALUE", "example: --env OMP_NUM_THREADS=4, --env NAME= for an empty one")
    return name.strip(), value


def read_preset(path: Path) -> dict[str, Any]:
    """Read a preset: a TOML or YAML file whose keys are the long options, `-` or `_` alike.

    Raises:
        UsageError: The file cannot be read or names an option that does not exist.
    """
    import yaml

    is_yaml = path.suffix.lower() in (".yaml", ".yml")
    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.safe_load(text) if is_yaml else tomllib.loads(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: cannot be read ({error})", "give a TOML or YAML file of options") from error
    if not isinstance(data, dict):
        raise UsageError(f"{path}: expected options by name, found {type(data).__name__}", "example: tool = 'nsys'")
    return {_known_option(str(key), path): _preset_value(value) for key, value in data.items()}


def _known_option(key: str, path: Path) -> str:
    name = key.replace("-", "_")
    if name not in _BY_NAME and name != "command":
        raise UsageError(f"{path}: unknown option {key!r}", nearest(name, _BY_NAME))
    return name


def _preset_value(value: Any) -> Any:
    """Return a value as the option takes it; a table of attributes, {block = [64, 128]}, is block=64,128."""
    if not isinstance(value, dict):
        return value
    return [f"{name}={','.join(map(str, item)) if isinstance(item, list) else item}" for name, item in value.items()]
