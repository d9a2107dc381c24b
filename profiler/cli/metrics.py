"""Write one metric table of a recording as a table, CSV, JSON or Parquet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from profiler.cli.options import OutputOption, RunsOption, TargetArgument
from profiler.cli.printing import echo
from profiler.errors import UsageError
from profiler.store.run_dir import write_atomic

if TYPE_CHECKING:
    import pandas as pd

TableFormat = Literal["table", "csv", "json", "parquet"]
_OF_SUFFIX: dict[str, TableFormat] = {".json": "json", ".parquet": "parquet"}


def run(
    target: TargetArgument = "latest",
    table: Annotated[str, typer.Option("--table", "-t", help="Name of the table; `list` names them all.")] = "kernel_summary",
    format: Annotated[TableFormat, typer.Option("--format", help="table, csv, json, parquet; else by a file's suffix.")] = "table",
    output: OutputOption = None,
    runs: RunsOption = Path("runs"),
) -> None:
    """Write one metric table of a recording."""
    from profiler.metrics import catalog

    if table == "list":
        _list(format)
        return
    description = catalog.find(table)
    if format == "table" and output is not None:
        format = _OF_SUFFIX.get(output.suffix.lower(), "csv")
    if format == "parquet" and output is None:
        raise UsageError("parquet is not text", "name a file: -o FILE.parquet")
    from profiler.cli.metric_tables import print_metric_table
    from profiler.metrics.recording import load

    frame = load(target, runs=runs).metric(description.name)
    if output is not None:
        write_atomic(output, frame.to_parquet(index=False) if format == "parquet" else _text(frame, format))
        echo(f"{len(frame)} rows of {description.name} written to {output}", err=True)
    elif format == "table":
        print_metric_table(description, frame, target=target)
    else:
        echo(_text(frame, format), nl=False, data=True)


def _list(format: TableFormat) -> None:
    import pandas as pd

    from profiler.metrics import catalog

    tables = pd.DataFrame([{"table": item.name, "text": item.text} for item in catalog.METRIC_TABLES])
    if format == "parquet":
        raise UsageError("the list of tables is no metric table", "take table, csv or json")
    if format == "table":
        echo("\n".join(f"{name:22} {text}" for name, text in tables.itertuples(index=False)))
    else:
        echo(_text(tables, format), nl=False, data=True)


def _text(frame: pd.DataFrame, format: TableFormat) -> str:
    if format == "json":
        return f"{frame.to_json(orient='records', indent=1, force_ascii=False, double_precision=15)}\n"
    from profiler.report.exporters.table_csv import to_csv

    # a table written to a file is CSV too: the rich rendering is for eyes only
    return to_csv(frame)
