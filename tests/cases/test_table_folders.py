"""Folders of one file a table, as `nsys export --type parquetdir` and `arrowdir` write them, read as the SQLite export does."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest


def columnar(path, folder, kind):
    """Write a SQLite export as such a folder, as nsys 2023.4.4 does: Arrow streams, processes and threads without a sign."""
    folder.mkdir()
    with closing(sqlite3.connect(path)) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            cursor = database.execute(f'SELECT * FROM "{name}"')
            names, rows = [column[0] for column in cursor.description], cursor.fetchall()
            data = {column: [row[place] for row in rows] for place, column in enumerate(names)}
            table = pa.table({column: _array(column, values) for column, values in data.items()})
            if kind == "parquet":
                pq.write_table(table, folder / f"{name}.parquet")
            else:
                writer = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
                with writer(str(folder / f"{name}.arrow"), table.schema) as sink:
                    sink.write_table(table)
    return folder


def _array(name, values):
    if name in ("globalTid", "globalPid", "uint64Value"):
        return pa.array([None if value is None else value % 2**64 for value in values], pa.uint64())
    return pa.array(values)


@pytest.mark.parametrize("kind", ["parquet", "stream", "file"])
@pytest.mark.parametrize("name", ["join/day1", "nsys_three_kernels_best", "nsys_2020_export"])
def test_a_folder_reads_as_the_export_does(case, rows, profiler, tmp_path, kind, name):
    path = case(f"{name}.sqlite")
    folder = columnar(path, tmp_path / "exported", kind)
    for table in ("kernels", "nvtx", "occupancy", "summary"):
        expected = profiler("metrics", path, "--table", table, "--format", "json")
        assert profiler("metrics", folder, "--table", table, "--format", "json")[:2] == expected[:2]
    assert len(rows(folder, "kernels")) > 0


def test_a_folder_is_imported(case, rows, profiler, tmp_path):
    folder = columnar(case("join/day1.sqlite"), tmp_path / "exported", "parquet")
    code, out, err = profiler("import", folder)
    assert code == 0, err
    assert rows(out.strip().removeprefix("run: "), "point_summary")[0]["nsys_median_ns"] == 100_000


def test_a_damaged_file_of_a_folder_is_named(case, profiler, tmp_path):
    folder = columnar(case("join/day1.sqlite"), tmp_path / "exported", "parquet")
    (folder / "NVTX_EVENTS.parquet").write_bytes(b"PAR1 cut off")
    code, _, err = profiler("metrics", folder, "--table", "nvtx")
    assert code == 5
    assert "NVTX_EVENTS.parquet" in err


def test_another_folder_is_no_capture(profiler, tmp_path):
    (tmp_path / "empty").mkdir()
    assert profiler("show", tmp_path / "empty")[0] == 5
