"""Reads the embedded recorder's file into the same tables as an nsys export."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np

from profiler.columns import Coded, Columns, narrow
from profiler.schema import POINT_DOMAIN, TABLES, check_columns
from profiler.tools.base import ReadResult
from profiler.tools.cupti.archive import FORMAT, read_archive
from profiler.tools.damage import reading
from profiler.tools.kernel_tables import kernel_tables

_ZIP = b"PK\x03\x04"
_NO_PAYLOAD = -1


class CuptiReader:
    """Reads a .npz of the embedded recorder."""

    tool = "cupti"
    suffixes = (".npz",)
    tables = ("kernels", "launch_configurations", "memcpys", "memsets", "api_calls", "synchronizations", "nvtx_ranges")
    parser_version = 1

    def recognise(self, path: Path, head: bytes) -> bool:
        """Return whether the file is a .npz whose first member is the format's name."""
        return head.startswith(_ZIP) and b"format.npy" in head[:64]

    def read(self, path: Path, tables: Collection[str]) -> ReadResult:
        """Read the asked tables; times count from the first event.

        Raises:
            BadExportError: The file is damaged, or a column is missing.
        """
        found = read_archive(path)
        with reading(path, "record it again"):
            start = min((int(table.array("start_ns").min()) for table in found.values() if table.rows), default=0)
            result = ReadResult(info={"file": path.name, "format": FORMAT, "clock": "CUPTI", "start_ns": start})
            for name in tables:
                source = "kernels" if name == "launch_configurations" else name
                if source not in found:
                    result.absent[name] = f"CUPTI recorded no {source.replace('_', ' ')}"
                elif name not in result.frames:
                    result.frames |= _tables(source, found[source], start)
        for name, frame in result.frames.items():
            check_columns(frame, TABLES[name], str(path))
        return result


def _tables(name: str, table: Columns, start: int) -> dict[str, Columns]:
    """Return the tables that one of the archive fills; times count from `start`."""
    columns = {key: column if isinstance(column, Coded) else narrow(column) for key, column in table.items()}
    columns["start_ns"] = table.array("start_ns") - start
    if name == "nvtx_ranges":
        nought = np.zeros(table.rows, np.int32)
        columns |= {"kind": Coded(nought, ["push_pop"]), "domain": Coded(nought, [POINT_DOMAIN])}
        columns["payload_int"] = np.ma.masked_equal(table.array("payload_int"), _NO_PAYLOAD)
    nodes = np.ma.masked_equal(table.array("graph_node_id"), 0) if name == "kernels" else None
    if nodes is None:
        return {name: Columns(columns)}
    columns |= {"graph_node_id": nodes}
    return kernel_tables(Columns({key: column for key, column in columns.items() if column is not nodes or nodes.count()}))


READERS = (CuptiReader(),)
