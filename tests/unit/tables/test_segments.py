"""Captures of one sweep that was cut off read as one recording, with no point lost or doubled."""

from pathlib import Path

import numpy as np

from profiler.columns import Columns, encode
from profiler.tables.segments import JoinedSource, join_segments


class Memory:
    """A source that holds its tables in memory."""

    tool, reader = "nsys", None

    def __init__(self, name, **frames):
        self.path, self.frames = Path(name), {table: Columns(columns) for table, columns in frames.items()}

    def prefetch(self, names):
        pass

    def read(self, name):
        return self.frames.get(name)

    def reason(self, name):
        return "" if name in self.frames else f"{self.path.name} holds no {name}"

    def info(self):
        return {"file": self.path.name}


def ranges(*rows):
    names, starts, durations, threads = zip(*rows, strict=True)
    return {
        "start_ns": np.array(starts),
        "duration_ns": np.array(durations),
        "thread_id": np.array(threads),
        "domain": encode(["profiler"] * len(rows)),
        "name": encode(list(names)),
    }


def kernels(starts, configurations):
    return {
        "start_ns": np.array(starts),
        "duration_ns": np.full(len(starts), 10),
        "launch_configuration_id": np.array(configurations),
    }


def configurations(*names):
    return {"kernel": encode(list(names)), "block_x": np.arange(len(names))}


FIRST = Memory(
    "capture.sqlite",
    nvtx_ranges=ranges(
        ("setup", 0, 5, 1),
        ("point a", 10, 80, 1),
        ("iteration", 20, 10, 1),
        ("point b", 100, 50, 1),
        ("iteration", 110, 10, 1),
        ("iteration", 112, 5, 2),
    ),
    kernels=kernels([25, 115], [0, 1]),
    launch_configurations=configurations("k", "m"),
    devices={"device_id": np.array([0])},
)
SECOND = Memory(
    "capture-2.sqlite",
    nvtx_ranges=ranges(("point b", 5, 50, 1), ("iteration", 10, 10, 1), ("point c", 60, 20, 1)),
    kernels=kernels([12], [0]),
    launch_configurations=configurations("m"),
    devices={"device_id": np.array([0])},
)


def joined():
    return JoinedSource([FIRST, SECOND])


def test_segments_are_found_by_their_names_and_others_left_alone():
    other = Memory("result.json")
    found = join_segments([SECOND, other, FIRST])
    assert [type(source).__name__ for source in found] == ["JoinedSource", "Memory"]
    assert found[0].info() == {"file": "capture.sqlite", "segments": 2, "breaks_ns": [1_000_000_150]}
    assert join_segments([FIRST]) == [FIRST]


def test_a_point_that_was_cut_off_counts_once():
    frame = joined().read("nvtx_ranges")
    assert frame.array("name").tolist() == ["setup", "point a", "iteration", "iteration", "point b", "iteration", "point c"]
    assert frame.array("thread_id").tolist() == [1, 1, 1, 2, 1, 1, 1], "another thread's range is not the broken point's"


def test_times_of_the_second_stand_a_second_behind_the_first():
    source = joined()
    shift = 150 + 1_000_000_000
    assert source.read("kernels").array("start_ns").tolist() == [25, 115, 12 + shift]
    assert source.read("nvtx_ranges").array("start_ns").tolist()[-3:] == [5 + shift, 10 + shift, 60 + shift]


def test_row_numbers_still_point_to_their_rows():
    source = joined()
    names = source.read("launch_configurations").array("kernel")
    assert [names[row] for row in source.read("kernels").array("launch_configuration_id")] == ["k", "m", "m"]


def test_devices_are_listed_once_and_absent_tables_keep_their_reason():
    source = joined()
    assert source.read("devices").rows == 1
    assert source.read("memsets") is None
    assert source.reason("memsets") == "capture.sqlite holds no memsets"


def test_a_table_of_the_second_segment_only_is_shifted_too():
    first, second = (
        Memory("capture.sqlite", nvtx_ranges=ranges(("x", 0, 7, 1))),
        Memory("capture-2.sqlite", kernels=kernels([1], [0])),
    )
    assert JoinedSource([first, second]).read("kernels").array("start_ns").tolist() == [1 + 7 + 1_000_000_000]
