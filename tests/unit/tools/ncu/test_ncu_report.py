"""The .ncu-rep reader against what the reader library and the file's own headers say."""

from __future__ import annotations

import math
import struct
import sys
from pathlib import Path

import pytest

from profiler.errors import BadExportError, DataMissingError, ToolMissingError
from profiler.metrics.recording import load
from profiler.tools.ncu.container import inspect, launch_sizes
from profiler.tools.ncu.metric_names import INSTANCED
from profiler.tools.ncu.report import NcuReportReader
from profiler.tools.ncu.rule_results import strip_marks
from profiler.tools.ncu.unit_names import base_unit

DATA = Path(__file__).parents[3] / "data" / "ncu_h200"
SWISH = DATA / "swish.ncu-rep"
ROW_SUM = DATA / "row_sum.ncu-rep"

ncu_report = pytest.importorskip("ncu_report", reason="package ncu-report is not installed")


def _actions(path: Path) -> tuple[object, list]:
    context = ncu_report.load_report(str(path))
    return context, [action for group in context for action in group]


@pytest.fixture(scope="module", params=[SWISH, ROW_SUM], ids=lambda path: path.stem)
def report(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_every_counter_equals_the_report(report: Path) -> None:
    table = load(report).table("counters")
    found = {(row.launch_id, row.metric): row for row in table.itertuples()}
    assert len(found) == len(table), "a launch and metric stand twice"
    _context, actions = _actions(report)
    expected = 0
    for launch_id, action in enumerate(actions):
        for name in action.metric_names():
            if name.startswith(("group:", "breakdown:")):
                assert (launch_id, name) not in found
                continue
            metric, row = action.metric_by_name(name), found[launch_id, name]
            expected += 1
            unit, factor = base_unit(metric.unit())
            assert (row.unit, factor) == (unit, 1)
            value = metric.value() if metric.has_value() else None
            if isinstance(value, str):
                assert (row.text_value, math.isnan(row.value)) == (value, True)
            elif value is None or math.isnan(value):
                assert math.isnan(row.value)
            else:
                assert row.value == value
    instances = sum(name.startswith(INSTANCED) and name.endswith("]") for _, name in found)
    assert instances > 0
    assert len(found) == expected + instances


def test_instances_add_up_to_their_total() -> None:
    table = load(SWISH).table("counters")
    one = table[table["launch_id"] == 0].set_index("metric")["value"]
    per_opcode = one[[name for name in one.index if name.startswith("sass__inst_executed_per_opcode[")]]
    assert per_opcode["sass__inst_executed_per_opcode[FFMA]"] > 0
    assert per_opcode.sum() == one["sass__inst_executed_per_opcode"]


def test_launches_carry_point_ranges_and_payload() -> None:
    table = load(SWISH).table("profiled_launches")
    blocks = [64, 128, 256, 512, 1024]
    expected = [
        f"op=swish variant={variant} shape=65536x1024 dtype=fp32 block={block}"
        for variant in ("scalar", "vectorized")
        for block in blocks
    ]
    assert table["point"].tolist() == expected
    assert table["block_x"].tolist() == blocks * 2
    assert table["nvtx"].iloc[0] == f"profiler:point {expected[0]} > profiler:iteration"
    assert set(table["iteration_bytes"]) == {2 * 65536 * 1024 * 4}
    assert set(table["compute_capability"]) == {"9.0"}


def test_ranges_of_the_default_domain_have_no_domain() -> None:
    table = load(ROW_SUM).table("profiled_launches")
    assert set(table["nvtx"]) == {'start-end <"odd"> </script>'}
    assert set(table["point"]) == {""}
    assert "iteration_bytes" not in table


def test_device_row_holds_what_the_attributes_say() -> None:
    row = load(SWISH).table("devices").iloc[0]
    assert row["name"] == "NVIDIA H200"
    assert row["compute_capability"] == "9.0"
    assert (row["sm_count"], row["max_warps_per_sm"], row["max_blocks_per_sm"]) == (132, 64, 32)
    assert (row["registers_per_sm"], row["shared_memory_per_sm_bytes"]) == (65536, 233472)
    assert row["memory_bandwidth_bytes_per_s"] == 6016 // 8 * 2 * 3_201_000_000


def test_launch_configurations_are_distinct() -> None:
    table = load(ROW_SUM).table("launch_configurations")
    assert len(table) == 1
    row = table.iloc[0]
    assert (row["short_name"], row["grid_x"], row["block_x"]) == ("row_sum_kernel", 4096, 256)
    assert (row["static_shared_memory_bytes"], row["dynamic_shared_memory_bytes"]) == (33 * 32 * 4, 0)
    assert row["shared_memory_executed_bytes"] == 102400


def test_rules_become_diagnostics_without_marks(report: Path) -> None:
    table = load(report).table("diagnostics")
    _context, actions = _actions(report)
    rules = [rule for action in actions for rule in action.rule_results_as_dicts() if rule.get("rule_message")]
    assert len(table) == len(rules)
    assert not table["text"].str.contains("@section:|@url:|@sass:|@source:").any()
    assert table["source"].tolist() == [f"ncu {rule['rule_identifier']}" for rule in rules]
    stated = [rule["speedup_estimation"]["speedup"] for rule in rules if "speedup_estimation" in rule]
    assert table["speedup_pct"].dropna().tolist() == stated


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("see @section:SchedulerStats:Scheduler Statistics@ and x", "see Scheduler Statistics and x"),
        ("the @url:CUDA Guide: part 2:https://docs.nvidia.com/a#b@ for", "the CUDA Guide: part 2 for"),
        ("at @sass:7f00:IMAD@", "at IMAD"),
        ("in @source:swish.cu:12:line 12@", "in line 12"),
        ("mail a@b and @ c", "mail a@b and @ c"),
    ],
)
def test_marks_are_stripped(marked: str, plain: str) -> None:
    assert strip_marks(marked) == plain


def test_info_names_the_tool_version() -> None:
    info = load(SWISH).info("ncu")
    assert info["tool_version"].startswith("2025.3.1.0")
    assert (info["cuda_version"], info["process"]) == ("13.0", "sweep")
    assert info["start_time_utc"].startswith("2026-11-22T")


def test_committed_reports_hold_no_trace_of_the_machine() -> None:
    for path in (SWISH, ROW_SUM):
        data = path.read_bytes()
        for trace in (b"/tmp", b"/root", b"/home", b"/opt", b"192.", b"fe80", b"PATH=", b"vm0"):
            assert trace not in data, (path.name, trace)


@pytest.mark.parametrize("size", [0, 2, 4, 6, 9, 40, 5000, 200_000])
def test_a_truncated_report_is_named(tmp_path: Path, size: int) -> None:
    path = tmp_path / "short.ncu-rep"
    path.write_bytes(SWISH.read_bytes()[:size])
    with pytest.raises(BadExportError) as caught:
        load(path).table("counters")
    assert str(path) in caught.value.message
    assert caught.value.hint
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("content", [b"NVR\0" + b"\xff" * 400, b"NVR\0\x02\0\0\0\x08\x07" + b"\x07" * 300])
def test_a_file_that_only_begins_like_a_report_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise.ncu-rep"
    path.write_bytes(content)
    with pytest.raises(BadExportError, match=r"noise\.ncu-rep"):
        load(path).table("counters")


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"\0" * 100, b"hello\n"])
def test_a_file_that_is_no_report_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.ncu-rep"
    path.write_bytes(content)
    with pytest.raises(BadExportError, match="not a Nsight Compute report"):
        NcuReportReader().read(path, ("counters",))


def _block(**sizes: bytes) -> bytes:
    header = b"".join(sizes.values())
    return struct.pack("<I", len(header)) + header


def test_a_report_without_kernels_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.ncu-rep"
    path.write_bytes(b"NVR\0\x02\0\0\0\x08\x07" + _block(results=b"\x10\x00"))
    assert inspect(path).result_count == 0
    with pytest.raises(DataMissingError, match="no profiled kernel"):
        load(path).table("counters")


def test_results_that_the_library_cannot_see_name_the_versions(tmp_path: Path) -> None:
    path = tmp_path / "newer.ncu-rep"
    # one more block that claims a result whose payload this library does not understand
    path.write_bytes(SWISH.read_bytes() + _block(results=b"\x10\x02", payload=b"\x28\x04") + b"\0\0\0\0")
    with pytest.raises(BadExportError, match=r"2025\.3\.1.* found \d+ of 12 results") as caught:
        load(path).table("counters")
    assert "ncu-report" in caught.value.hint


def test_a_missing_library_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ncu_report", None)
    with pytest.raises(ToolMissingError, match="ncu-report") as caught:
        load(SWISH).table("counters")
    assert "pip install ncu-report" in caught.value.hint


def test_noise_inside_a_report_never_ends_the_process(tmp_path: Path) -> None:
    import random

    source = bytearray(SWISH.read_bytes())
    generator = random.Random(7)
    for attempt in range(12):
        data = bytearray(source)
        for _ in range(60):
            data[generator.randrange(len(data))] = generator.randrange(256)
        path = tmp_path / f"noise{attempt}.ncu-rep"
        path.write_bytes(data)
        try:
            table = load(path).table("counters")
        except (BadExportError, DataMissingError) as error:
            assert path.name in error.message
        else:
            assert len(table)


def test_launch_sizes_stand_in_the_results_too() -> None:
    """A report that collected other metrics only has its sizes there alone."""
    table = load(SWISH).table("profiled_launches")
    names = [f"{kind}_{axis}" for kind in ("grid", "block") for axis in "xyz"]
    sizes = launch_sizes(SWISH)
    assert [[size[name] for name in names] for size in sizes] == table[names].to_numpy().tolist()
    assert [size["stream_id"] for size in sizes] == table["stream_id"].tolist()


def test_sizes_without_launch_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = load(SWISH).table("profiled_launches")
    action = ncu_report.IAction
    names, by_name = action.metric_names, action.metric_by_name
    monkeypatch.setattr(action, "metric_names", lambda self: [n for n in names(self) if not n.startswith("launch__")])
    monkeypatch.setattr(action, "metric_by_name", lambda self, name: None if name.startswith("launch__") else by_name(self, name))
    recording = load(SWISH)
    found = recording.table("profiled_launches")
    assert found[expected.columns].astype(object).equals(expected.astype(object))
    assert recording.reason("launch_configurations").endswith("--section LaunchStats")
    assert recording.has("devices")
