"""From the options of `profiler run` and a preset file to one checked CaptureRequest."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from profiler.capture.request import CaptureRequest, NcuOptions, NsysOptions, SweepOptions
from profiler.capture.sweep import expand, parse_assignment
from profiler.errors import UsageError, nearest
from profiler.runner.settings import MeasureSettings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_SWEEP = ("variant=scalar,vectorized", "block=64:1024:x2")
DEFAULT_OP = "swish"

_SETTINGS = (
    "warmup",
    "min_samples",
    "max_samples",
    "max_seconds",
    "precision",
    "cache",
    "launch_mode",
    "streams",
    "threads",
    "seed",
)
_SWEEP_KEYS = (
    "plugin", "shape", "dtype", "sweep", "set_", "constraint", "driver", "engine", "plugin_library", "engine_file", "onnx",
    "device", "point_timeout", "no_verify", *_SETTINGS,
)  # fmt: skip

_TOOL_KEYS = (
    "trace", "cuda_graph_trace", "capture_range", "keep_report", "ncu_set", "ncu_metrics", "kernel", "nvtx_include",
    "clock_control", "launch_count", "launch_skip", "import_source",
)  # fmt: skip
_PRESET_KEYS = ("command", "tool", "label", "timeout", "python", "env", *_SWEEP_KEYS, *_TOOL_KEYS)


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
    command = tuple(merged.get("command", ()))
    if command:
        _refuse_sweep_options(merged)
    environment = dict(parse_assignment(item) for item in merged.get("env", ()))
    return CaptureRequest(
        tools=tuple(_words(merged.get("tool", "auto"))),
        command=command,
        sweep=None if command else _sweep(merged),
        label=merged.get("label", "") or _default_label(command, merged),
        timeout_s=merged.get("timeout"),
        nsys=_nsys(merged),
        ncu=_ncu(merged),
        python=merged.get("python", sys.executable),
        environment=environment,
    )


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
    name = "set_" if name == "set" else name
    if name not in _PRESET_KEYS:
        raise UsageError(f"{path}: unknown option {key!r}", nearest(name, [item.rstrip("_") for item in _PRESET_KEYS]))
    return name


def _preset_value(value: Any) -> Any:
    if isinstance(value, dict):
        # a table of attributes: {block = [64, 128]} is block=64,128
        return [f"{name}={_joined(item)}" for name, item in value.items()]
    return value


def _joined(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _words(text: str | Iterable[str]) -> list[str]:
    items = [text] if isinstance(text, str) else list(text)
    return [part.strip() for item in items for part in str(item).split(",") if part.strip()]


def _default_label(command: tuple[str, ...], merged: Mapping[str, Any]) -> str:
    return Path(command[0]).name if command else f"{merged.get('plugin', DEFAULT_OP)}-sweep"


def _refuse_sweep_options(merged: Mapping[str, Any]) -> None:
    for name in _SWEEP_KEYS:
        if name in merged:
            flag = "--" + name.rstrip("_").replace("_", "-")
            raise UsageError(f"{flag} belongs to a sweep, and a command was given", f"leave out {flag}, or the command")


def _present(merged: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: merged[name] for name in names if name in merged}


def _sweep(merged: Mapping[str, Any]) -> SweepOptions:
    sweeps, sets = list(merged.get("sweep", ())), list(merged.get("set_", ()))
    if not sweeps and not sets:
        sweeps = list(DEFAULT_SWEEP)
    points = expand(
        merged.get("plugin", DEFAULT_OP), _words(merged.get("shape", ())), _words(merged.get("dtype", ())), sets, sweeps,
        list(merged.get("constraint", ())),
    )  # fmt: skip
    settings = _present(merged, _SETTINGS)
    if "min_samples" in settings and "max_samples" not in settings:
        settings["max_samples"] = max(settings["min_samples"], MeasureSettings.max_samples)
    chosen = _present(merged, ("driver", "engine", "engine_file", "device"))
    if "point_timeout" in merged:
        chosen["point_timeout_s"] = merged["point_timeout"]
    return SweepOptions(
        points=tuple(points),
        settings=MeasureSettings(**settings, verify=not merged.get("no_verify", False)),
        plugin_libraries=tuple(merged.get("plugin_library", ())),
        onnx_file=merged.get("onnx", ""),
        **chosen,
    )


def _nsys(merged: Mapping[str, Any]) -> NsysOptions:
    chosen = _present(merged, ("cuda_graph_trace", "capture_range", "keep_report"))
    if "trace" in merged:
        chosen["trace"] = tuple(_words(merged["trace"]))
    return NsysOptions(**chosen)


def _ncu(merged: Mapping[str, Any]) -> NcuOptions:
    chosen = _present(merged, ("kernel", "clock_control", "launch_count", "launch_skip", "import_source"))
    if "ncu_set" in merged:
        chosen["set"] = merged["ncu_set"]
    if "ncu_metrics" in merged:
        chosen["metrics"] = tuple(_words(merged["ncu_metrics"]))
    if "nvtx_include" in merged:
        chosen["nvtx_include"] = tuple(merged["nvtx_include"])
    return NcuOptions(**chosen)
