"""A damaged file ends in one error that names it and a fix, whichever reader has it."""

import json
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import profiler
from profiler.errors import BadExportError, ProfilerError
from profiler.metrics.gpu_operations import lookup
from profiler.schema import TABLES as ALL_TABLES
from profiler.tools.cupti.archive import FORMAT, FORMAT_VERSION, read_archive

DATA = Path(__file__).parents[2] / "data"
POINT = {"label": "op=swish block=256", "status": "ok", "samples_ns": [1000, 1010]}
TABLES = ("launches", "kernels", "counters", "points", "diagnostics", "device_activity")


def result(tmp_path, document=None, **point):
    path = tmp_path / "result.json"
    head = {"schema": "profiler-result", "schema_version": 1}
    path.write_text(json.dumps({**head, "points": [{**POINT, **point}], **(document or {})}), encoding="utf-8")
    return path


def read_everything(path):
    recording = profiler.load(path)
    for source in recording.sources:
        source.prefetch(ALL_TABLES)
        source.info()


@pytest.mark.parametrize(
    ("document", "point"),
    [
        ({}, {"bytes_per_iteration": 1e30}),
        ({}, {"sm_clock_before_hz": float("inf")}),
        ({"program": "x"}, {}),
        ({"program": ["x"]}, {}),
        ({}, {"launch": "kernel"}),
        ({}, {"launch": [1]}),
        ({}, {"launch": {"grid": 4}}),
        ({}, {"verification": "yes"}),
        ({}, {"samples_ns": [1e300]}),
        ({}, {"samples_ns": [-5]}),
        ({}, {"label": "op=\ud800"}),
    ],
)
def test_fields_of_another_type(tmp_path, document, point):
    path = result(tmp_path, document, **point)
    with pytest.raises(BadExportError) as caught:
        read_everything(path)
    assert str(path) in caught.value.message and caught.value.hint and "\n" not in caught.value.message


def test_a_pair_of_surrogates_is_text(tmp_path):
    path = result(tmp_path, label="op=\U0001f600")
    assert "\\ud83d\\ude00" in path.read_text()
    assert profiler.load(path).table("points")["label"].tolist() == ["op=\U0001f600"]


def test_nesting_without_end(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text('{"schema": "profiler-result", "schema_version": 1, "points": ' + "[" * 200_000)
    with pytest.raises(BadExportError, match=r"deep.json.*RecursionError"):
        read_everything(path)


def changed(path, change):
    path.write_bytes((DATA / "nsys_h200" / "node.sqlite").read_bytes())
    with closing(sqlite3.connect(path)) as database:
        database.execute(change)
        database.commit()
    return path


def test_text_among_the_numbers_of_an_export(tmp_path):
    path = changed(tmp_path / "text.sqlite", "UPDATE CUPTI_ACTIVITY_KIND_KERNEL SET gridX = '<b>' WHERE rowid = 1")
    with pytest.raises(BadExportError, match=path.name):
        read_everything(path)


@pytest.mark.parametrize(
    ("table", "change"),
    [("devices", "UPDATE TARGET_INFO_GPU SET smCount = 'abc'"), ("streams", "UPDATE TARGET_INFO_CUDA_STREAM SET priority = 'x'")],
)
def test_text_among_the_numbers_beside_the_events_costs_that_table_alone(tmp_path, table, change):
    recording = profiler.load(changed(tmp_path / "text.sqlite", change))
    source = change.split()[1]
    assert source in recording.reason(table) and "cannot be read" in recording.reason(table)
    assert len(recording.table("kernels")) > 0
    assert recording.table("diagnostics")["text"].str.contains(source).any()


def test_a_damaged_schema_of_an_export(tmp_path):
    path = tmp_path / "schema.sqlite"
    data = (DATA / "nsys_h200" / "node.sqlite").read_bytes()
    place = data.index(b"CREATE TABLE CUPTI_ACTIVITY_KIND_KERNEL")
    path.write_bytes(data[:place] + b"\xff\xfe\xfd" + data[place + 3 :])
    with pytest.raises(BadExportError, match=r"schema\.sqlite"):
        read_everything(path)


def test_a_short_row_of_units(tmp_path):
    path = tmp_path / "short.csv"
    path.write_text('"ID","Process ID","Kernel Name","gpu__time_duration.sum"\n"",""\n"0","1","k","5"\n')
    with pytest.raises(BadExportError, match="row of units has 2 cells, expected 4"):
        read_everything(path)


@pytest.mark.parametrize("member", ["kernels/start_ns/codes/more", "kernels"])
def test_members_of_an_archive_that_no_table_has(tmp_path, member):
    path = tmp_path / "odd.npz"
    np.savez_compressed(path, **{"format": np.array([FORMAT, str(FORMAT_VERSION)]), member: np.arange(3)})
    with pytest.raises(BadExportError, match="expected TABLE/COLUMN"):
        read_archive(path)


def test_a_key_wider_than_the_wanted_ones():
    keys = np.array([3, 1 << 40])
    assert lookup(keys, np.arange(2, dtype=np.int32), np.array([3, 4], np.int32)).tolist() == [0, -1]


def sources():
    files = [*DATA.glob("*/*.csv"), *DATA.glob("nsys_h200/*.sqlite"), *DATA.glob("*/*.json")]
    return sorted(path for path in files if path.stat().st_size < 1 << 20)


@pytest.mark.parametrize("seed", range(6))
def test_random_damage_never_ends_in_a_trace(tmp_path, seed):
    dice = random.Random(seed)
    for turn in range(25):
        source = dice.choice(sources())
        data = bytearray(source.read_bytes())
        place = dice.randrange(len(data))
        if turn % 3 == 0:
            for _ in range(dice.choice((1, 3, 20))):
                data[dice.randrange(len(data))] = dice.randrange(256)
        elif turn % 3 == 1:
            del data[place:]
        else:
            data[place : place + 50] = bytes(min(50, len(data) - place))
        path = tmp_path / f"{turn}{source.suffix}"
        path.write_bytes(data)
        try:
            recording = profiler.load(path)
        except ProfilerError:
            continue
        for name in TABLES:
            try:
                recording.metric_columns(name)
            except ProfilerError as error:
                assert error.message
