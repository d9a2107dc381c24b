"""The page reader gives exactly what SQLite gives, or refuses."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiler.errors import BadExportError
from profiler.tools.nsys.sqlite_export import SqliteExport
from profiler.tools.nsys.sqlite_pages import PageFile, Unsupported, number_rows

integers = st.one_of(
    st.none(), st.sampled_from([0, 1, -1, 127, 128, -128, 32767, -32769, 2**23, 2**31 - 1, 2**31, -(2**47), 2**47, 2**62, -(2**62)])
)
texts = st.one_of(st.none(), st.text(max_size=90))


def write(path, rows, page_size=512, schema="a INTEGER, t TEXT, b INTEGER, r REAL, c INTEGER"):
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA page_size = {page_size}")
        database.execute("CREATE TABLE filler (x)")
        database.execute(f"CREATE TABLE data ({schema})")
        if rows:
            database.executemany(f"INSERT INTO data VALUES ({', '.join('?' * len(rows[0]))})", rows)
        database.commit()
    return SqliteExport(path)


def both(export, names, table="data"):
    paged, _, _ = export._by_pages(table, names, ())
    asked = export._by_sql(table, names)
    for name in names:
        assert np.ma.getmaskarray(paged[name]).tolist() == np.ma.getmaskarray(asked[name]).tolist(), name
        assert np.ma.filled(paged[name].astype(np.int64), -7).tolist() == np.ma.filled(asked[name].astype(np.int64), -7).tolist(), (
            name
        )
    return paged


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(integers, texts, integers, st.floats(allow_nan=False) | st.none(), integers), max_size=80))
def test_equal_to_sqlite(tmp_path, rows):
    both(write(tmp_path / "data.db", rows), ["rowid", "a", "b", "c"])


@pytest.mark.parametrize("page_size", [512, 1024, 4096, 65536])
def test_trees_of_several_levels(tmp_path, page_size):
    rows = [(i, None, i * i * (-1) ** i, 0.5, 10**i if i < 18 else None) for i in range(30_000)]
    found = both(write(tmp_path / "data.db", rows, page_size), ["rowid", "a", "b", "c"])
    assert len(found["a"]) == 30_000


def test_holes_in_the_row_ids_and_columns_added_later(tmp_path):
    path = tmp_path / "data.db"
    write(path, [(i, "x", i, 0.1, i) for i in range(2000)])
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM data WHERE a % 7 = 3")
        database.execute("ALTER TABLE data ADD COLUMN late INTEGER")
        database.execute("INSERT INTO data VALUES (1, 'y', 2, 0.3, 4, 5)")
        database.execute("INSERT INTO data (rowid, a) VALUES (1099511627776, 9)")
        database.commit()
    found = both(SqliteExport(path), ["rowid", "a", "late"])
    assert int(found["rowid"][-1]) == 1099511627776


def test_numbers_of_combinations(tmp_path):
    rows = [(i, None, i % 3, None, (i // 3) % 2 or None) for i in range(5000)]
    export = write(tmp_path / "data.db", rows)
    columns, group, keys = export.grouped("data", ["a"], (), ["b", "c"])
    found = list(zip(keys["b"].tolist(), keys["c"].tolist(), strict=True))
    assert len(found) == 6
    assert [found[code] for code in group.tolist()] == [(row[2], row[4]) for row in rows]
    assert columns["a"].tolist() == list(range(5000))


def test_real_captures_take_the_fast_way(tmp_path):
    data = Path(__file__).parents[3] / "data" / "nsys_h200"
    captures = sorted(data.glob("*.sqlite"))
    assert captures
    for path in captures:
        export = SqliteExport(path)
        both(export, ["start", "end", "correlationId", "gridX", "graphNodeId"], "CUPTI_ACTIVITY_KIND_KERNEL")
        both(export, ["rowid", "start", "end", "globalTid", "textId", "uint64Value"], "NVTX_EVENTS")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2**63)), min_size=1, max_size=60))
def test_numbered_rows_are_equal_rows(rows):
    words = np.array(rows, dtype=np.uint64)
    numbers, members = number_rows(words)
    assert words[members][numbers].tolist() == words.tolist()
    assert len({tuple(row) for row in words.tolist()}) == len(members)


def test_different_rows_of_one_hash_have_different_numbers():
    first = np.array([3, 4], dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    first ^= first >> np.uint64(32)
    words = np.array([[3, 7], [4, 7 ^ int(first[0]) ^ int(first[1])], [3, 7]], dtype=np.uint64)
    numbers, members = number_rows(words)
    assert len(members) == 2 and np.array_equal(words[members][numbers], words)


@pytest.mark.parametrize("ending", ["-wal", "-journal"])
def test_a_journal_beside_the_file_is_left_to_sqlite(tmp_path, ending):
    path = tmp_path / "data.db"
    write(path, [(1, None, 2, None, 3)])
    path.with_name(path.name + ending).write_bytes(b"x")
    with pytest.raises(Unsupported):
        PageFile(path)


def test_changes_in_a_write_ahead_log_are_read_and_the_folder_stays_as_it_is(tmp_path):
    path = tmp_path / "data.db"
    write(path, [(1, None, 2, None, 3)])
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("INSERT INTO data VALUES (7, NULL, 8, NULL, 9)")
        writer.commit()
        before = {item.name: item.read_bytes() for item in tmp_path.iterdir() if item.name != "data.db-shm"}
        assert SqliteExport(path).integers("data", ["a"])["a"].tolist() == [1, 7]
        assert {item.name: item.read_bytes() for item in tmp_path.iterdir() if item.name != "data.db-shm"} == before


def test_long_texts_before_a_column_are_left_to_sqlite(tmp_path):
    export = write(tmp_path / "data.db", [(1, "x" * 5000, 2, None, 3)])
    with pytest.raises(Unsupported, match="overflow"):
        export._by_pages("data", ["b"], ())
    assert export._by_pages("data", ["a"], ())[0]["a"].tolist() == [1]
    assert export.integers("data", ["b"])["b"].tolist() == [2]


@pytest.mark.parametrize("length", [*range(388, 432), 462, 463, 464, 700, 900, 901, 902])
def test_records_about_the_length_at_which_sqlite_moves_their_end_to_another_page(tmp_path, length):
    # eight bytes a column, before and after the text: each of them can be the first that no longer stands on the page
    schema = ", ".join([*(f"n{i} INTEGER" for i in range(6)), "t TEXT", *(f"m{i} INTEGER" for i in range(3))])
    numbers = [(1 << 60) + 7 * i for i in range(9)]
    export = write(tmp_path / "data.db", [(*numbers[:6], "x" * length, *numbers[6:])] * 3, schema=schema)
    for place, name in enumerate([*(f"n{i}" for i in range(6)), *(f"m{i}" for i in range(3))]):
        assert export.integers("data", [name])[name].tolist() == [numbers[place]] * 3, name


def test_a_key_that_stands_in_the_row_id(tmp_path):
    export = write(tmp_path / "data.db", [(5, 6), (7, 8)], schema="a INTEGER PRIMARY KEY, b INTEGER")
    assert export.integers("data", ["a", "b"])["a"].tolist() == [5, 7]


def test_odd_paths(tmp_path):
    folder = tmp_path / "a b%20?#&=ü"
    folder.mkdir()
    export = write(folder / "odd %3F?mode=rwc#.sqlite", [(1, None, 2, None, 3)])
    assert export.integers("data", ["c"])["c"].tolist() == [3]
    assert export.query("SELECT count(*) FROM data") == [(1,)]
    assert [item.name for item in folder.iterdir()] == ["odd %3F?mode=rwc#.sqlite"]


def test_reading_changes_nothing(tmp_path):
    path = tmp_path / "data.db"
    export = write(path, [(i, "t", i, 0.5, i) for i in range(500)])
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir()))
    try:
        export.integers("data", ["a"])
        export.query("SELECT count(*) FROM data")
    finally:
        tmp_path.chmod(0o755)
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir())) == before


def test_damaged_pages_end_in_one_named_error(tmp_path):
    path = tmp_path / "data.db"
    write(path, [(i, "t" * 20, i, 0.5, i) for i in range(3000)])
    whole = path.read_bytes()
    random = np.random.default_rng(7)
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for place in random.integers(512, len(whole), 200).tolist():
            damaged[place] = int(random.integers(0, 256))
        path.write_bytes(damaged)
        try:
            SqliteExport(path).integers("data", ["a", "b", "c"])
        except BadExportError as error:
            refused += 1
            assert str(path) in error.message
    assert refused > 0


def test_a_fraction_among_whole_numbers_is_refused(tmp_path):
    rows = [(i, None, i, None, 5 if i % 2 else 1000) for i in range(300)]
    path = tmp_path / "data.db"
    write(path, rows)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE data SET b = 0.5 WHERE a = 7")
        database.commit()
    export = SqliteExport(path)
    assert export.integers("data", ["a", "c"])["a"].tolist() == list(range(300))
    for read in (lambda: export.integers("data", ["a", "b"]), lambda: export.grouped("data", ["a"], (), ["b", "c"])):
        with pytest.raises(BadExportError, match="column b of table data holds a value of type real, expected whole numbers"):
            read()
