"""Options that several verbs share, and how their values become what the library takes."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

RunsOption = Annotated[Path | None, typer.Option("--runs", help="Folder that holds runs. [default: $PROFILER_RUNS, else runs/]")]
TargetArgument = Annotated[
    str,
    typer.Argument(help="A run (id, label, unique prefix, `latest`) or a file (.sqlite, .nsys-rep, .ncu-rep, CSV)."),
]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        help="Times to go by: points (own timing), gpu_points or kernels (GPU timestamps), with :TOOL where several have them. "
        "[default: the best there is]",
    ),
]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="File to write; stdout when left out.")]


class SummaryFormat(str, Enum):
    """How an overview is printed."""

    TABLE = "table"
    JSON = "json"


class TableFormat(str, Enum):
    """How one table is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
