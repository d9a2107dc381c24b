"""Panel: Nsight Compute's counters: the derived ones per launch, and every raw one, searchable."""

from __future__ import annotations

import pandas as pd

from profiler.report.blocks import Block, Table
from profiler.report.columns import ColumnView
from profiler.report.embed import pack_column
from profiler.report.kernel_labels import kernel_label
from profiler.report.panels.base import Panel
from profiler.report.tables import table_block
from profiler.report.view import RECORDING, View

MAX_COUNTERS = 20_000
MAX_SIDE_BY_SIDE = 16
_FIRST = ("sm__", "gpu__", "dram__", "l1tex__", "lts__", "smsp__", "launch__")  # what people look at, in this order
_LAST = ("device__attribute_",)  # what the GPU is, not what it did


def build(view: View) -> list[Block]:
    """Build the table of launches and that of the raw counters."""
    blocks: list[Block] = []
    launches = view.metric("launches")
    if launches is not None:
        blocks.append(table_block("launches-table", "launches", launches, title="Per profiled launch", page=12))
    raw = _looked_at_first(view.required("launch_counters"))
    keys = [name for name in (RECORDING, "launch_id") if name in raw.columns]
    if len(raw[keys].drop_duplicates()) <= MAX_SIDE_BY_SIDE:
        return [*blocks, _side_by_side(raw, keys)]
    return [*blocks, table_block("counters-table", "launch_counters", raw, None, "All counters", MAX_COUNTERS, page=12, mixed=True)]


def _looked_at_first(raw: pd.DataFrame) -> pd.DataFrame:
    """Order the counters by how often one looks for them; within that the tool's own names of a chip follow the others."""
    metric = raw["metric"].astype(str)
    keys = ["_place", *(name for name in (RECORDING, "launch_id") if name in raw.columns), "_name"]
    placed = raw.assign(_place=metric.map(_place), _name=metric.str.swapcase())
    return placed.sort_values(keys, kind="stable", ignore_index=True).drop(columns=["_place", "_name"])


def _place(metric: str) -> int:
    if metric.startswith(_LAST):
        return len(_FIRST) + 1
    return next((index for index, start in enumerate(_FIRST) if metric.startswith(start)), len(_FIRST))


def _side_by_side(raw: pd.DataFrame, keys: list[str]) -> Table:
    """One row per metric, one column per launch: what differs between launches is seen along the row."""
    values = raw["value"].astype(object).where(raw["value"].notna(), raw["text_value"].astype(object))
    wide = raw.assign(shown=values).pivot_table(
        index=["metric", "unit"], columns=keys, values="shown", aggfunc="first", sort=False, observed=True
    )
    wide = wide.iloc[[at for _, _, at in sorted((_place(str(m)), str(m).swapcase(), at) for at, (m, _) in enumerate(wide.index))]]
    heads = raw.drop_duplicates(keys).set_index(keys)
    columns = [ColumnView("metric", "metric", kind="code"), ColumnView("unit", "unit")]
    data = [pack_column(wide.index.get_level_values(name).to_series()) for name in ("metric", "unit")]
    for key in wide.columns:
        parts = key if isinstance(key, tuple) else (key,)
        head = heads.loc[key]
        text = f"{kernel_label(str(head['kernel']))}\ngrid {head['grid']}, block {head['block']}"
        columns.append(ColumnView(f"launch_{'_'.join(map(str, parts))}", " ".join(map(str, parts)), kind="number", text=text))
        data.append([None if value != value else value for value in wide[key].tolist()])
    options = {"page": 12, "mixed": True, "caption": "One column per launch, numbered as in the table above."}
    return Table("counters-table", columns, data, len(wide), len(wide), "All counters", "counters.csv", options)


PANEL = Panel(
    "counters",
    "Hardware counters",
    ("launch_counters",),
    build,
    "Why a kernel is as fast as it is. Launches are replayed one by one, so their durations are no measurement of speed.",
    ("launches", "launch_counters"),
    "record with Nsight Compute: profiler run --tool ncu",
)
