"""Write one metric table of a recording as a table, CSV, JSON or Parquet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from profiler.cli.options import OutputOption, RunsOption, TableFormat, TargetArgument
from profiler.cli.printing import echo

if TYPE_CHECKING:
    import pandas as pd


def run(
    target: TargetArgument = "latest",
    table: str = typer.Option("kernel_summary", "--table", "-t", help="Name of the table; `list` names them all."),
    format: TableFormat = typer.Option(TableFormat.TABLE, "--format", help="table, csv, json, parquet; else by a file's suffix."),
    output: OutputOption = None,
    runs: RunsOption = None,
) -> int:
    """Write one metric table of a recording."""
    from profiler.errors import UsageError
    from profiler.metrics import catalog
    from profiler.store.run_dir import write_atomic

    if table == "list":
        return _list(format)
    description = catalog.find(table)
    if format is TableFormat.TABLE and output is not None:
        format = _OF_SUFFIX.get(output.suffix.lower(), TableFormat.CSV)
    if format is TableFormat.PARQUET and output is None:
        raise UsageError("parquet is not text", "name a file: -o FILE.parquet")
    from profiler.metrics.recording import load

    frame = load(target, runs=runs).metric(description.name)
    if format is TableFormat.TABLE and output is None:
        from profiler.cli.metric_tables import print_metric_table

        print_metric_table(description, frame, target=target)
        return 0
    if output is None:
        echo(_text(frame, format), nl=False, data=True)
    else:
        write_atomic(output, _parquet(frame) if format is TableFormat.PARQUET else _text(frame, format))
        echo(f"{len(frame)} rows of {description.name} written to {output}", err=True)
    return 0


_OF_SUFFIX = {".json": TableFormat.JSON, ".parquet": TableFormat.PARQUET}


def _list(format: TableFormat) -> int:
    import pandas as pd

    from profiler.errors import UsageError
    from profiler.metrics import catalog

    tables = pd.DataFrame([{"table": item.name, "text": item.text} for item in catalog.METRIC_TABLES])
    if format is TableFormat.PARQUET:
        raise UsageError("the list of tables is no metric table", "take table, csv or json")
    if format is not TableFormat.TABLE:
        echo(_text(tables, format), nl=False, data=True)
        return 0
    for name, text in tables.itertuples(index=False):
        echo(f"{name:22} {text}")
    return 0


def _parquet(frame: pd.DataFrame) -> bytes:
    import io

    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _text(frame: pd.DataFrame, format: TableFormat) -> str:
    if format is TableFormat.JSON:
        return f"{frame.to_json(orient='records', indent=1, force_ascii=False, double_precision=15)}\n"
    from profiler.report.exporters.table_csv import to_csv

    # a table written to a file is CSV too: the rich rendering is for eyes only
    return to_csv(frame)
