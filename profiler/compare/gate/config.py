"""What the gate allows: budgets from `[tool.profiler.gate]` or profiler.toml, and the file of accepted regressions."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from profiler.compare.judge.machine_code import RESOURCES
from profiler.compare.judge.metric_changes import metric_names
from profiler.errors import UsageError, nearest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TIME = "time"
BANDWIDTH = "effective_bandwidth"

LIMITS = ("max_increase", "max_decrease", "max_added", "max_removed", "max", "min", "min_of_copy")
_TIME_LIMITS = ("max_increase", "max")


@dataclass(frozen=True)
class Budget:
    """A limit on a metric, for all rows or some.

    Attributes:
        metric: `time`, `effective_bandwidth`, or a column of a metric table such as `registers_per_thread`.
        match: Row column (op, variant, shape, dtype, kernel, row) to a pattern with `*`.
        max_increase: Largest relative growth, 0.01 for 1 %.
        max_decrease: Largest relative fall.
        max_added: Largest absolute growth, in the metric's unit.
        max_removed: Largest absolute fall.
        max: Largest value of the candidate, in the metric's unit (ns, bytes/s, …).
        min: Smallest value of the candidate.
        min_of_copy: Smallest effective bandwidth as a share of that of the copy (`op=copy`) of equal shape and type.
    """

    metric: str
    match: Mapping[str, str] = field(default_factory=dict)
    max_increase: float | None = None
    max_decrease: float | None = None
    max_added: float | None = None
    max_removed: float | None = None
    max: float | None = None
    min: float | None = None
    min_of_copy: float | None = None

    def __str__(self) -> str:
        """Write the budget as a person would."""
        limits = [f"{name} {getattr(self, name):g}" for name in LIMITS if getattr(self, name) is not None]
        where = " ".join(f"{key}={value}" for key, value in self.match.items())
        return f"{self.metric} {', '.join(limits)}{f' for {where}' if where else ''}"


@dataclass(frozen=True)
class Accepted:
    """A regression that somebody has accepted.

    Attributes:
        row: Pattern of the row's label, with `*`.
        metric: Metric it is about.
        up_to: Largest relative change that is accepted, 0.05 for 5 %.
        reason: Why.
        expires: Last day on which it counts.
    """

    row: str
    metric: str
    up_to: float
    reason: str
    expires: date


@dataclass(frozen=True)
class GateConfig:
    """What the gate allows.

    Attributes:
        threshold: Smallest relative change of time that matters; None for the default rule.
        strict: Any row of which nobody can tell ends the gate with 11; else only when no row could be decided.
        allow_missing: Rows that only the base has are no reason to stop.
        budgets: Limits; the last one that fits a row and metric counts.
        accepted: Accepted regressions.
    """

    threshold: float | None = None
    strict: bool = False
    allow_missing: bool = False
    budgets: tuple[Budget, ...] = ()
    accepted: tuple[Accepted, ...] = ()


_MATCHABLE = ("row", "op", "variant", "shape", "dtype", "block", "kernel")


def load_gate_config(explicit: Path | None = None, folder: Path | None = None) -> GateConfig:
    """Read the gate's configuration.

    Args:
        explicit: File to read: a profiler.toml with `[gate]`, or a pyproject.toml with `[tool.profiler.gate]`.
        folder: Where to look otherwise, upwards from here; default the current folder.

    Returns:
        The configuration; the defaults where no file says anything.

    Raises:
        UsageError: A file is no TOML, or holds an unknown or wrong key; the file to read has no such table.
    """
    found = (explicit, _gate_table(explicit)) if explicit else _find((folder or Path.cwd()).resolve())
    if found is None:
        return GateConfig()
    path, table = found
    if table is None:
        raise UsageError(f"{path}: has neither [gate] nor [tool.profiler.gate]", "add the table, or leave --config out")
    return _config(_typed(table, dict, f"{path}: gate"), path)


def _find(folder: Path) -> tuple[Path, Any] | None:
    """Return the nearest file with a table for the gate, and the table: a file about other things hides none further up."""
    for parent in (folder, *folder.parents):
        for name in ("profiler.toml", "pyproject.toml"):
            path = parent / name
            table = _gate_table(path) if path.is_file() else None
            if table is not None:
                return path, table
    return None


def _gate_table(path: Path) -> Any:
    """Return `[gate]` (not of a pyproject.toml, where it is another tool's) or `[tool.profiler.gate]`; None without either.

    Raises:
        UsageError: The file holds both.
    """
    document = _toml(path)
    inner: Any = document
    for name in ("tool", "profiler", "gate"):
        inner = inner.get(name) if isinstance(inner, dict) else None
    own = None if path.name == "pyproject.toml" else document.get("gate")
    if own is not None and inner is not None:
        raise UsageError(f"{path}: has both [gate] and [tool.profiler.gate]", "keep one of them")
    return inner if own is None else own


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}", "check the path") from error
    except ValueError as error:
        raise UsageError(f"{path}: not TOML: {error}", "correct the file") from error


def _config(table: Mapping[str, Any], path: Path) -> GateConfig:
    known = ("threshold", "strict", "allow_missing", "accepted", "budget")
    _refuse_unknown(table, known, path, "gate")
    accepted: tuple[Accepted, ...] = ()
    if "accepted" in table:
        accepted = load_accepted(path.parent / _typed(table["accepted"], str, f"{path}: gate.accepted"))
    budgets = tuple(_budget(item, path) for item in _typed(table.get("budget", []), list, f"{path}: gate.budget"))
    values = {name: table[name] for name in ("threshold", "strict", "allow_missing") if name in table}
    if "threshold" in values:
        values["threshold"] = _number(values["threshold"], f"{path}: gate.threshold")
    for name in ("strict", "allow_missing"):
        _typed(values.get(name, False), bool, f"{path}: gate.{name}")
    return GateConfig(**values, budgets=budgets, accepted=accepted)


def _budget(item: Any, path: Path) -> Budget:
    _typed(item, dict, f"{path}: gate.budget")
    _refuse_unknown(item, ("metric", "match", *LIMITS), path, "gate.budget")
    if not item.get("metric"):
        raise UsageError(f"{path}: a gate.budget has no metric", 'for example metric = "time"')
    metric = _typed(item["metric"], str, f"{path}: gate.budget.metric")
    known = (TIME, BANDWIDTH, *metric_names(), *(spec.name for spec in RESOURCES.values()))
    if metric not in known:
        raise UsageError(f"{path}: no metric {metric!r} is compared", nearest(metric, known))
    match = _typed(item.get("match", {}), dict, f"{path}: gate.budget.match")
    _refuse_unknown(match, _MATCHABLE, path, "gate.budget.match")
    limits = {name: _number(item[name], f"{path}: gate.budget.{name}") for name in LIMITS if name in item}
    if not limits:
        raise UsageError(f"{path}: the budget of {item['metric']} has no limit", f"give one of {', '.join(LIMITS)}")
    unfit = [name for name in limits if metric == TIME and name not in (*_TIME_LIMITS, "min_of_copy")]
    if unfit:
        raise UsageError(f"{path}: {unfit[0]} is no limit of time", f"give {' or '.join(_TIME_LIMITS)}: a faster row never fails")
    if "min_of_copy" in limits and item["metric"] != BANDWIDTH:
        raise UsageError(f"{path}: min_of_copy is a limit of {BANDWIDTH}, not of {item['metric']}", "use min")
    return Budget(item["metric"], {key: str(value) for key, value in match.items()}, **limits)


def load_accepted(path: Path) -> tuple[Accepted, ...]:
    """Read the file of accepted regressions.

    Raises:
        UsageError: An entry lacks its row, limit, reason or expiry.
    """
    document = _toml(path)
    _refuse_unknown(document, ("accepted",), path, "file")
    return tuple(_accepted(item, path) for item in _typed(document.get("accepted", []), list, f"{path}: accepted"))


def _accepted(item: Any, path: Path) -> Accepted:
    _typed(item, dict, f"{path}: accepted")
    _refuse_unknown(item, ("row", "metric", "up_to", "reason", "expires"), path, "accepted")
    for name in ("row", "up_to", "reason", "expires"):
        if item.get(name) in (None, ""):
            raise UsageError(f"{path}: an accepted regression has no {name}", "every entry needs row, up_to, reason and expires")
    expires = item["expires"]
    if not isinstance(expires, date) or isinstance(expires, datetime):  # a time of day has no order among days
        raise UsageError(f"{path}: expires is {expires!r}, expected a date", "write expires = 2030-01-31, without quotes")
    return Accepted(
        str(item["row"]), str(item.get("metric", TIME)), _number(item["up_to"], f"{path}: up_to"), str(item["reason"]), expires
    )


def _refuse_unknown(table: Mapping[str, Any], known: Sequence[str], path: Path, where: str) -> None:
    for key in table:
        if key not in known:
            raise UsageError(f"{path}: unknown key {key!r} in {where}", nearest(key, known))


def _typed(value: Any, kind: type, where: str) -> Any:
    if not isinstance(value, kind):
        raise UsageError(f"{where} is {value!r}, expected {kind.__name__}", "correct the file")
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UsageError(f"{where} is {value!r}, expected a number", "write 1 % as 0.01")
    if not math.isfinite(value):
        raise UsageError(f"{where} is {value!r}, which limits nothing", "give a finite number")
    return float(value)
