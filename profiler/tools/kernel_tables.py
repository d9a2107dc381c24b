"""From kernels that each carry their launch configuration to the two tables that keep it once."""

from __future__ import annotations

from profiler.columns import Coded, Columns
from profiler.distinct import distinct_rows
from profiler.schema import LAUNCH_CONFIGURATIONS


def kernel_tables(work: Columns) -> dict[str, Columns]:
    """Return `kernels` and `launch_configurations`.

    Args:
        work: One row a kernel: the columns of both tables but `launch_configuration_id`.
    """
    shape = work.select([name for name in LAUNCH_CONFIGURATIONS.names if name in work])
    first, ids = distinct_rows([column.codes if isinstance(column, Coded) else column for column in shape.values()])
    kernels = work.select([name for name in work if name not in shape]).with_columns(launch_configuration_id=ids)
    return {"kernels": kernels, "launch_configurations": shape.take(first)}
