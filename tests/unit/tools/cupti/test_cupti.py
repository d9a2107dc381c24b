"""The embedded recorder: what it keeps of CUPTI's records, its file, and the tables that come out of it."""

import enum
import sys
import time
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import profiler
from profiler.capture.request import CaptureRequest
from profiler.columns import Columns, encode
from profiler.errors import BadExportError, CaptureError, ToolMissingError, UsageError
from profiler.schema import TABLES, check_columns
from profiler.tools.cupti.archive import merge_archives, read_archive, write_archive
from profiler.tools.cupti.collector import CuptiCollector
from profiler.tools.cupti.reader import CuptiReader
from profiler.tools.cupti.record import CuptiRecorder

OFFSET_NS = 1_700_000_000_000_000_000
MANGLED = "_Z3fooIfLi4EEvPKfPf"


class Kind(enum.IntEnum):
    MEMCPY = 1
    MEMSET = 2
    DRIVER = 4
    RUNTIME = 5
    CONCURRENT_KERNEL = 10
    SYNCHRONIZATION = 38


class FakeCupti(ModuleType):
    """CUPTI's module in a few lines: hands the given records to the callback when it is flushed."""

    def __init__(self):
        super().__init__("cupti.cupti")
        self.ActivityKind, self.cuptiError = Kind, type("cuptiError", (Exception,), {})
        self.ActivityThreadIdType = SimpleNamespace(SYSTEM=1)
        self.CallbackDomain = SimpleNamespace(RUNTIME_API=2, DRIVER_API=1)
        self.pending, self.enabled, self.dropped, self.thread_ids = [], set(), 0, None

    def set_thread_id_type(self, kind):
        self.thread_ids = kind

    def activity_register_callbacks(self, requested, completed):
        assert requested() == (8 << 20, 0)
        self.completed = completed

    def activity_enable(self, kind):
        self.enabled.add(kind)

    def activity_disable(self, kind):
        self.enabled.remove(kind)

    def activity_flush_all(self, flag):
        self.completed(self.pending)
        self.pending = []

    def activity_get_num_dropped_records(self, context, stream, address):
        import ctypes

        ctypes.c_size_t.from_address(address).value = self.dropped

    def get_timestamp(self):
        return time.monotonic_ns() + OFFSET_NS

    def get_callback_name(self, domain, number):
        return {(2, 211): "cudaLaunchKernel_v7000", (2, 131): "cudaStreamSynchronize_v3020", (1, 307): "cuLaunchKernel"}[
            domain, number
        ]


def kernel(start, end, correlation, block=256, graph_node=0):
    return SimpleNamespace(
        kind=Kind.CONCURRENT_KERNEL,
        start=start,
        end=end,
        device_id=0,
        context_id=1,
        stream_id=7,
        correlation_id=correlation,
        name=MANGLED,
        grid_x=10,
        grid_y=1,
        grid_z=1,
        block_x=block,
        block_y=1,
        block_z=1,
        registers_per_thread=32,
        static_shared_memory=0,
        dynamic_shared_memory=128,
        shared_memory_executed=1024,
        local_memory_per_thread=0,
        graph_node_id=graph_node,
    )


def call(kind, number, start, end, correlation):
    return SimpleNamespace(
        kind=kind, start=start, end=end, cbid=number, correlation_id=correlation, process_id=7, thread_id=70, return_value=0
    )


@pytest.fixture
def cupti(monkeypatch):
    module = FakeCupti()
    package = ModuleType("cupti")
    package.cupti = module
    monkeypatch.setitem(sys.modules, "cupti", package)
    monkeypatch.setitem(sys.modules, "cupti.cupti", module)
    return module


@pytest.fixture
def recorded(cupti, tmp_path):
    """Two kernels of one range, one of another configuration outside, a copy, a fill, a wait."""
    collector = CuptiCollector(7)
    collector.start()
    base = time.monotonic_ns() + OFFSET_NS
    ranges = [
        ("point op=swish block=256", base - OFFSET_NS, 10_000, 70, None),
        ("iteration", base - OFFSET_NS + 1_000, 4_000, 70, 4096),
    ]
    cupti.pending = [
        kernel(base + 2_500, base + 3_000, 1),
        kernel(base + 3_500, base + 4_500, 2),
        kernel(base + 30_000, base + 30_100, 3, 128),
        kernel(0, 0, 4),
        SimpleNamespace(
            kind=Kind.MEMCPY,
            start=base + 100,
            end=base + 300,
            device_id=0,
            context_id=1,
            stream_id=7,
            correlation_id=5,
            bytes=400,
            copy_kind=1,
            src_kind=2,
            dst_kind=3,
        ),
        SimpleNamespace(
            kind=Kind.MEMSET,
            start=base + 400,
            end=base + 500,
            device_id=0,
            context_id=1,
            stream_id=7,
            correlation_id=6,
            bytes=64,
            memory_kind=3,
        ),
        SimpleNamespace(
            kind=Kind.SYNCHRONIZATION,
            start=base + 5_000,
            end=base + 6_000,
            context_id=1,
            stream_id=2**32 - 1,
            correlation_id=8,
            type=3,
        ),
        call(Kind.RUNTIME, 211, base + 1_500, base + 2_000, 1),
        call(Kind.DRIVER, 307, base + 1_600, base + 1_900, 1),
        call(Kind.RUNTIME, 211, base + 2_100, base + 2_200, 2),
        call(Kind.DRIVER, 307, base + 29_000, base + 29_100, 3),
        call(Kind.RUNTIME, 131, base + 5_000, base + 6_000, 8),
        SimpleNamespace(kind=99),
    ]
    path = tmp_path / "records-1-1.npz"
    collector.stop(path, ranges)
    return path


def test_tables_keep_to_the_schema(recorded):
    reader = CuptiReader()
    assert reader.recognise(recorded, recorded.read_bytes()[:4096])
    result = reader.read(recorded, reader.tables)
    assert result.absent == {}
    for name, frame in result.frames.items():
        check_columns(frame, TABLES[name], str(recorded))


def test_every_figure_arrives(recorded):
    recording = profiler.load(recorded)
    kernels, configurations = recording.table("kernels"), recording.table("launch_configurations")
    assert list(kernels["start_ns"] - kernels["start_ns"].iloc[0]) == [0, 1_000, 27_500]
    assert list(kernels["duration_ns"]) == [500, 1_000, 100]
    joined = configurations.iloc[kernels["launch_configuration_id"]]
    assert list(joined["block_x"]) == [256, 256, 128]
    assert set(joined["kernel"].astype(str)) == {"void foo<float, 4>(float const*, float*)"}
    assert set(joined["short_name"].astype(str)) == {"foo"}
    assert list(recording.table("memcpys")[["size_bytes", "direction", "source_kind", "destination_kind"]].astype(str).iloc[0]) == [
        "400",
        "HtoD",
        "pinned",
        "device",
    ]
    assert recording.table("memsets")["size_bytes"].tolist() == [64]
    assert recording.table("synchronizations")["kind"].astype(str).tolist() == ["stream"]


def test_of_a_runtime_call_and_its_driver_call_only_the_outer_one_is_kept(recorded):
    calls = profiler.load(recorded).table("api_calls")
    assert list(zip(calls["name"].astype(str), calls["api"].astype(str), strict=True)) == [
        ("cudaLaunchKernel", "runtime"),
        ("cudaLaunchKernel", "runtime"),
        ("cudaStreamSynchronize", "runtime"),
        ("cuLaunchKernel", "driver"),
    ]


def test_ranges_lie_on_the_clock_of_the_kernels(recorded):
    recording = profiler.load(recorded)
    ranges, calls = recording.table("nvtx_ranges"), recording.table("api_calls")
    iteration = ranges[ranges["name"].astype(str) == "iteration"].iloc[0]
    assert iteration["payload_int"] == 4096
    launch = calls.iloc[0]
    assert abs((launch["start_ns"] - iteration["start_ns"]) - 500) < 300_000
    assert ranges["payload_int"].isna().tolist() == [True, False]


def test_metrics_come_out_of_it(recorded):
    recording = profiler.load(recorded)
    kernels = recording.metric("kernel_summary")
    assert sorted(kernels["total_ns"]) == [100, 1_500]
    assert recording.metric("memory_operations")["bytes"].tolist() in ([400, 64], [64, 400], [400])


def test_dropped_records_stop_the_recording(cupti, tmp_path):
    collector = CuptiCollector(7)
    collector.start()
    collector.flush()
    cupti.dropped = 3
    with pytest.raises(CaptureError, match="dropped 3 records") as caught:
        collector.flush()
    assert caught.value.hint


def test_records_of_another_form_stop_the_recording(cupti):
    collector = CuptiCollector(7)
    collector.start()
    cupti.pending = [SimpleNamespace(kind=Kind.MEMSET, start=1)]
    with pytest.raises(CaptureError, match="cannot be read"):
        collector.flush()


def test_another_tool_in_the_process_is_named(cupti):
    def refuse(kind):
        raise cupti.cuptiError("MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED")

    cupti.activity_enable = refuse
    with pytest.raises(CaptureError, match="MULTIPLE_SUBSCRIBERS"):
        CuptiCollector(7).start()


def test_a_missing_driver_is_named(cupti):
    def missing(*_):
        raise RuntimeError("CUDA driver is not found")

    cupti.activity_enable = missing
    with pytest.raises(ToolMissingError, match="driver is not found"):
        CuptiCollector(7).start()


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupti", None)
    with pytest.raises(ToolMissingError, match="cupti-python"):
        CuptiCollector(7)


def small(start, text):
    return Columns({"start_ns": np.array(start), "name": encode(text)})


def test_archives_of_several_processes_are_joined_in_order_of_time(tmp_path):
    write_archive(tmp_path / "a.npz", {"nvtx_ranges": small([5, 9], ["x", "y"]), "only_a": small([1], ["z"])})
    write_archive(tmp_path / "b.npz", {"nvtx_ranges": small([1, 7], ["y", "w"])})
    merge_archives([tmp_path / "a.npz", tmp_path / "b.npz"], tmp_path / "c.npz")
    merged = read_archive(tmp_path / "c.npz")
    assert merged["nvtx_ranges"].to_lists() == {"start_ns": [1, 5, 7, 9], "name": ["y", "x", "w", "y"]}
    assert merged["only_a"].rows == 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and nothing", b"no archive"])
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(BadExportError):
        read_archive(tmp_path / "x.npz")


def test_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "x.npz", format=np.array(["profiler-cupti", "1"]), **{"a/b": np.array([{}], dtype=object)})
    with pytest.raises(BadExportError):
        read_archive(tmp_path / "x.npz")


def test_a_newer_format_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", format=np.array(["profiler-cupti", "9"]))
    with pytest.raises(BadExportError, match="version 9"):
        read_archive(tmp_path / "x.npz")


def test_the_recorder_joins_parts_and_knows_what_they_hold(recorded):
    recorder = CuptiRecorder()
    artefacts, notes = recorder.finish(CaptureRequest(command=("true",)), recorded.parent, None, "capture")
    assert [path.name for path in artefacts] == ["capture.npz"]
    assert notes == []
    assert recorder.recorded_points(recorded.parent, "capture") == {"op=swish block=256"}
    with pytest.raises(UsageError, match="Python runner only"):
        recorder.plan(CaptureRequest(command=("true",)), recorded.parent, "capture")


def test_nothing_recorded_is_an_error(tmp_path):
    with pytest.raises(CaptureError, match="wrote nothing"):
        CuptiRecorder().finish(CaptureRequest(command=("true",)), tmp_path, None, "capture")
