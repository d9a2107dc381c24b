"""How a column is shown: its label, unit, tooltip and kind, derived from the metric specifications and the schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from profiler.metrics.spec import MetricSpec
from profiler.schema import TABLES
from profiler.tools.registry import TOOLS

if TYPE_CHECKING:
    import pandas as pd

# longest first, so that `_bytes_per_s` is not taken for `_s`
_SUFFIX_UNITS = (
    ("_bytes_per_s", "bytes/s"),
    ("_flop_per_s", "FLOP/s"),
    ("_bytes", "bytes"),
    ("_count", "count"),
    ("_ratio", "ratio"),
    ("_pct", "%"),
    ("_hz", "Hz"),
    ("_ns", "ns"),
)
_WHOLE_NAMES = {"count": "count", "bytes": "bytes", "iterations": "count", "launches": "count", "samples": "count"}
_CODE_NAMES = {
    "kernel",
    "grid",
    "block",
    "range",
    "metric",
    "before",
    "after",
    "label",
    "name",
    "api",
    "launch",
    "point",
    "launch_kernel",
}
_KINDS = {"verdict": "verdict", "row": "code", "base_label": "code", "candidate_label": "code", "run": "code", "commit": "code"}
_PLAIN_NAMES = {"block", "device", "stream", "first", "second"}
_ACRONYMS = {
    "p05": "p05", "p95": "p95", "p25": "p25", "p75": "p75", **{tool.name: tool.word for tool in TOOLS.values()}, "gpu": "GPU",
    "dram": "DRAM", "sm": "SM", "l2": "L2", "l1": "L1", "api": "API", "nvtx": "NVTX", "id": "id", "dtype": "type",
}  # fmt: skip


@dataclass(frozen=True)
class ColumnView:
    """One column as a page shows it.

    Attributes:
        name: Column name in the data, as in the CSV.
        label: Heading, without the unit.
        unit: As in `MetricSpec.unit`; empty for text.
        kind: `number`, `text`, `code` (kernel names, labels: monospaced, shortened in the middle) or `verdict`.
        text: One line for the tooltip.
        source: Where the figure comes from.
        better: `lower`, `higher` or `none`.
        plain: True for an identifier, which is no quantity.
        signed: True for a change, whose plus sign is shown.
        moment: True for a point in time, which keeps its digits.
    """

    name: str
    label: str
    unit: str = ""
    kind: str = "text"
    text: str = ""
    source: str = ""
    better: str = "none"
    plain: bool = False
    moment: bool = False
    signed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the record for the page's scripts."""
        return {key: value for key, value in asdict(self).items() if value not in ("", "none", False)}


def unit_of(name: str) -> str:
    """Return the unit that a column name states, empty when it states none."""
    if name in _WHOLE_NAMES:
        return _WHOLE_NAMES[name]
    return next((unit for suffix, unit in _SUFFIX_UNITS if name.endswith(suffix)), "")


def label_of(name: str) -> str:
    """Return a heading for a column name: words, without the unit suffix."""
    suffix = next((suffix for suffix, _ in _SUFFIX_UNITS if name.endswith(suffix) and suffix not in ("_count", "_ratio")), "")
    words = (name[: -len(suffix)] if suffix else name).split("_")
    return " ".join(_ACRONYMS.get(word, word) for word in words)


@cache
def specs_of(table: str) -> dict[str, MetricSpec]:
    """Return the specifications of a metric table or, failing that, of a schema table, by column name."""
    from profiler.metrics import catalog

    for metric in catalog.METRIC_TABLES:
        if metric.name == table:
            return {spec.name: spec for spec in metric.columns}
    if table in TABLES:
        return {column.name: MetricSpec(column.name, unit_of(column.name), text=column.text) for column in TABLES[table].columns}
    return {}


def view_column(table: str, series: pd.Series) -> ColumnView:
    """Describe one column of one table.

    Args:
        table: Metric or schema table the column belongs to.
        series: The column; its dtype decides the kind.
    """
    import pandas as pd

    name = str(series.name)
    spec = specs_of(table).get(name, MetricSpec(name))
    numeric = pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype)
    kind = "number" if numeric else _KINDS.get(name, "code" if name in _CODE_NAMES else "text")
    unit = spec.unit or unit_of(name)
    unit = unit.replace("count", "FLOP/s") if name.endswith("flop_per_s") else unit
    moment = name in ("start_ns", "end_ns")
    plain = name in _PLAIN_NAMES or name.endswith("_id")
    unit = unit if numeric and not plain else ""
    return ColumnView(name, label_of(name), unit, kind, spec.text, spec.source, spec.better, plain, moment, _is_change(name))


def _is_change(name: str) -> bool:
    return name.startswith("change_") or "_minus_" in name


def view_columns(table: str, frame: pd.DataFrame, names: Iterable[str] | None = None) -> list[ColumnView]:
    """Describe columns of a frame, all of them or those of the given names that exist."""
    chosen = [name for name in (names or frame.columns) if name in frame.columns]
    return [view_column(table, frame[name]) for name in chosen]
