"""Table blocks: the columns of a frame, described, packed and named for the page's script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from profiler.metrics.spec import MetricTable
from profiler.report.blocks import Table
from profiler.report.columns import ColumnView, label_of, table_spec, view_columns
from profiler.report.embed import pack_column
from profiler.report.kernel_labels import kernel_labels
from profiler.report.row_labels import plain_label
from profiler.report.view import RECORDING

MAX_ROWS = 5_000
_SPREAD = re.compile(r"_(p05|p95|min|max|stddev)_")  # follow their median: naming it is enough
_KERNELS = ("kernel", "launch_kernel", "before", "after")
_ROWS = ("row", "base_label", "candidate_label")


def table_block(
    block_id: str,
    table: str,
    frame: pd.DataFrame,
    names: Sequence[str] | None = None,
    title: str = "",
    limit: int = MAX_ROWS,
    **options: Any,
) -> Table:
    """Make a table block from a metric or schema table.

    Args:
        block_id: Unique on the page.
        table: Name of the metric or schema table, for tooltips, units and which columns are shown first.
        frame: Rows, in the order in which they are first shown.
        names: Columns to show, those that exist; all by default. `recording` comes first when it is there. Columns without
            any value are named below the table instead.
        title: Heading.
        limit: Rows to embed.
        **options: See `blocks.Table`.
    """
    chosen = [name for name in (frame.columns if names is None else names) if name in frame.columns]
    if RECORDING in frame.columns and RECORDING not in chosen:
        chosen.insert(0, RECORDING)
    blank = [name for name in chosen if (frame[name].isna() | (frame[name].astype(object) == "")).all()]
    if blank:
        options["blank"] = list(dict.fromkeys(label_of(name) for name in blank if not _SPREAD.search(name)))
    spec = table_spec(table)
    if isinstance(spec, MetricTable) and spec.compact:
        options |= {"compact": [RECORDING, *spec.compact], "narrow": list(spec.narrow)}
    columns = view_columns(table, frame, [name for name in chosen if name not in blank])
    return pack_table(block_id, columns, frame, title, limit, file_name=f"{table}.csv", metric=table, **options)


def pack_table(
    block_id: str,
    columns: Sequence[ColumnView],
    frame: pd.DataFrame,
    title: str = "",
    limit: int | None = None,
    file_name: str = "",
    **options: Any,
) -> Table:
    """Make a table block of the described columns of a frame; its file is named after the block by default."""
    head = frame.iloc[:limit]
    data = [_packed(head[column.name]) for column in columns]
    return Table(block_id, list(columns), data, len(head), len(frame), title, file_name or f"{block_id}.csv", options)


def _packed(series: pd.Series) -> list[Any] | dict[str, Any]:
    """Pack a column; names of kernels and rows bring the short texts that the page shows for them."""
    packed = pack_column(series)
    if series.name not in (*_KERNELS, *_ROWS) or not isinstance(packed, dict):
        return packed
    names = packed["dict"]
    labels = kernel_labels(names) if series.name in _KERNELS else {name: plain_label(name) for name in names}
    return {**packed, "texts": [labels[name] for name in names]}
