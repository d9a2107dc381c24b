"""Metrics of traces of a few events, against figures worked out by hand."""

import math

import pytest
import traces

import profiler
from profiler.compare.ranking import rank_recordings
from profiler.errors import DataMissingError


@pytest.fixture
def trace(tmp_path):
    def write(**tables):
        return profiler.load(traces.write_trace(tmp_path / "trace.sqlite", **tables))

    return write


def records(recording, name):
    return recording.metric_columns(name).to_records()


def call(start, end, correlation, **more):
    return (start, end, {"correlationId": correlation, **more})


def kernel(start, end, correlation=0, **more):
    return (start, end, {"correlationId": correlation, **more})


def test_gaps_are_the_complement_of_the_union(trace):
    # the second kernel lies inside the first, the copy bridges two of them: one gap of 20 and one of 5 remain
    recording = trace(
        kernels=[kernel(100, 200), kernel(120, 150, streamId=8), kernel(220, 260), kernel(275, 280)],
        memcpys=[(250, 270, {})],
    )
    found = [
        (row["device"], row["start_ns"], row["end_ns"], row["duration_ns"], row["after"]) for row in records(recording, "gaps")
    ]
    name = traces.STRINGS[1]
    assert found == [(0, 200, 220, 20, name), (0, 270, 275, 5, name)]
    assert [row["before"] for row in records(recording, "gaps")] == [name, "[memcpy HtoD]"]
    activity = records(recording, "device_activity")[0]
    expected = {"span_ns": 180, "busy_ns": 155, "idle_ns": 25, "gap_count": 2, "longest_gap_ns": 20, "kernel_busy_ns": 145}
    assert {name: activity[name] for name in expected} == expected
    # 100 + 30 + 40 + 5 + 20 of durations in 155 of busy time
    assert activity["overlap_ns"] == 40
    assert activity["busy_pct"] == pytest.approx(100 * 155 / 180)


def test_work_on_two_devices_is_kept_apart(trace):
    recording = trace(kernels=[kernel(0, 10), kernel(30, 40), kernel(5, 35, deviceId=1)])
    assert [(row["device"], row["duration_ns"]) for row in records(recording, "gaps")] == [(0, 20)]
    assert [row["busy_ns"] for row in records(recording, "device_activity")] == [20, 30]
    assert [row for row in records(recording, "stream_overlap")] == []


def test_graphs_traced_as_a_whole_keep_the_device_busy(trace):
    recording = trace(kernels=[kernel(0, 10), kernel(50, 60)], graphs=[(10, 45, {})])
    assert records(recording, "device_activity")[0]["busy_ns"] == 55
    assert [row["before"] for row in records(recording, "gaps")] == ["[graph]"]


def test_copy_gaps(trace):
    recording = trace(
        memcpys=[(0, 10, {"correlationId": 1}), (40, 60, {"correlationId": 3, "copyKind": 2, "srcKind": 2, "dstKind": 1})],
        kernels=[kernel(25, 35, 2), kernel(55, 70, 4)],
    )
    found = [(row["kind"], row["start_ns"], row["duration_ns"], row["overlap_ns"]) for row in records(recording, "memcpy_gaps")]
    assert found == [("copy_to_kernel", 10, 15, 0), ("kernel_to_copy", 35, 5, 0), ("copy_to_kernel", 55, 0, 5)]


def test_copies_inside_an_iteration_are_named(trace):
    recording = trace(
        ranges=[
            traces.DOMAIN,
            (0, 100, {"domainId": 1, "text": "point op=a block=64"}),
            (10, 30, {"domainId": 1, "textId": 4, "uint64Value": 500}),
        ],
        calls=[call(5, 6, 1), call(12, 13, 2), call(14, 15, 3)],
        memcpys=[(20, 22, {"correlationId": 1}), (30, 40, {"correlationId": 2})],
        kernels=[kernel(45, 55, 3)],
    )
    found = [(row["kind"], row["duration_ns"], row["point"]) for row in records(recording, "memcpy_gaps")]
    assert found == [("copy_in_iteration", 10, "op=a block=64"), ("copy_to_kernel", 5, "op=a block=64")]


def test_concurrent_time_of_two_streams(trace):
    # stream 7 is active in [0, 30) although its kernels overlap each other; stream 8 in [10, 20) and [25, 40)
    recording = trace(
        kernels=[kernel(0, 20), kernel(5, 30), kernel(10, 20, streamId=8), kernel(25, 40, streamId=8)],
        memcpys=[(35, 45, {"streamId": 9})],
    )
    pairs = {(row["first"], row["second"]): row for row in records(recording, "stream_overlap")}
    assert pairs["stream 7", "stream 8"]["overlap_ns"] == 15
    assert pairs["stream 7", "stream 8"]["first_busy_ns"] == 30
    assert pairs["stream 7", "stream 8"]["overlap_pct"] == pytest.approx(60.0)
    assert pairs["stream 7", "stream 9"]["overlap_ns"] == 0
    assert pairs["stream 8", "stream 9"]["overlap_ns"] == 5
    assert pairs["copies", "kernels"]["overlap_ns"] == 5


def test_projection_nested_and_across_threads(trace):
    other = {"globalTid": traces.OTHER_THREAD}
    recording = trace(
        ranges=[
            (0, 100, {"text": "outer"}),
            (10, 40, {"text": "inner"}),
            (60, 200, {"eventType": 60, "text": "wide", "endGlobalTid": traces.OTHER_THREAD}),
        ],
        calls=[call(12, 15, 1), call(50, 55, 2), call(80, 85, 3, **other), call(300, 310, 4)],
        kernels=[kernel(20, 30, 1), kernel(60, 80, 2), kernel(90, 120, 3), kernel(320, 321, 4)],
    )
    rows = {row["range"]: row for row in records(recording, "nvtx")}
    assert rows["outer"]["gpu_total_ns"] == 30 and rows["outer"]["proj_total_ns"] == 60
    assert rows["outer"]["innermost_gpu_ns"] == 20 and rows["inner"]["innermost_gpu_ns"] == 10
    assert rows["inner"]["kernel_count"] == 1 and rows["inner"]["host_total_ns"] == 30
    # closed by another thread: it takes what any thread of the process launched meanwhile, and is nobody's innermost range
    assert (rows["wide"]["gpu_total_ns"], rows["wide"]["innermost_gpu_ns"]) == (30, 0)
    outside = rows["(outside every range)"]
    assert (outside["kind"], outside["gpu_total_ns"], outside["kernel_count"], outside["host_total_ns"]) == ("unranged", 1, 1, None)


def test_graph_kernels_of_one_call_belong_together(trace):
    recording = trace(
        ranges=[(0, 100, {"text": "launch"})],
        calls=[call(10, 20, 5)],
        kernels=[kernel(30 + 10 * i, 35 + 10 * i, 5, graphNodeId=i) for i in range(4)],
    )
    row = records(recording, "nvtx")[0]
    assert (row["kernel_count"], row["launch_count"], row["gpu_total_ns"], row["proj_total_ns"]) == (4, 1, 20, 35)
    launch = records(recording, "launch_latency")[0]
    # the call is paid once, and only the first node waits for it alone
    assert (launch["count"], launch["graph_count"], launch["matched_count"]) == (4, 4, 1)
    assert (launch["api_median_ns"], launch["latency_min_ns"], launch["latency_max_ns"]) == (10, 20, 20)
    figures = {figure["key"]: figure["value"] for figure in records(recording, "summary")}
    assert (figures["launch_api_median_ns"], figures["launch_latency_median_ns"]) == (10, 20)
    assert figures["unmatched_kernel_count"] == 0


def test_a_copy_and_a_kernel_with_something_between_them_are_no_neighbours(trace):
    recording = trace(
        kernels=[kernel(0, 10, 1), kernel(100, 110, 2)],
        memcpys=[(20, 30, {}), (80, 90, {}), (120, 130, {})],
        graphs=[(40, 60, {})],
        memsets=[(112, 115, {})],
    )
    found = [
        (row["kind"], row["start_ns"], row["end_ns"], row["before"], row["after"]) for row in records(recording, "memcpy_gaps")
    ]
    work, copy = "void work<float>(float*)", "[memcpy HtoD]"
    assert found == [
        ("kernel_to_copy", 10, 20, work, copy),
        ("copy_to_kernel", 30, 40, copy, "[graph]"),
        ("kernel_to_copy", 60, 80, "[graph]", copy),
        ("copy_to_kernel", 90, 100, copy, work),
    ]


def test_launch_latency_counts_early_starts(trace):
    recording = trace(
        calls=[call(0, 10, 1), call(100, 120, 2)], kernels=[kernel(15, 20, 1), kernel(110, 130, 2), kernel(500, 501, 99)]
    )
    row = records(recording, "launch_latency")[0]
    assert (row["count"], row["matched_count"], row["negative_queue_count"]) == (3, 2, 1)
    assert (row["api_median_ns"], row["latency_median_ns"], row["queue_min_ns"], row["queue_max_ns"]) == (15, 12.5, -10, 5)
    assert any("1 of 3 kernels have no API call" in row["text"] for row in records(recording, "diagnostics"))


def test_equal_correlation_ids_of_two_processes_do_not_mix(trace):
    second = (1 << 48) | (88 << 24)
    recording = trace(
        calls=[call(0, 10, 1), call(1000, 1010, 1, globalTid=second | 88)],
        kernels=[kernel(20, 30, 1), kernel(1100, 1110, 1, globalPid=second)],
    )
    row = records(recording, "launch_latency")[0]
    assert (row["latency_min_ns"], row["latency_max_ns"]) == (20, 100)


def test_points_use_measured_iterations_only(trace):
    point = "point op=swish variant=scalar shape=8x8 dtype=fp32 block=64"
    ranges = [traces.DOMAIN, (0, 1000, {"domainId": 1, "text": point}), (10, 100, {"domainId": 1, "text": "warmup"})]
    ranges += [(200 + 100 * i, 290 + 100 * i, {"domainId": 1, "textId": 4, "uint64Value": 4000}) for i in range(3)]
    calls = [call(20, 30, 1), *(call(210 + 100 * i, 220 + 100 * i, 2 + i) for i in range(3))]
    kernels = [kernel(40, 140, 1), *(kernel(230 + 100 * i, 240 + 101 * i, 2 + i) for i in range(3))]
    recording = trace(ranges=ranges, calls=calls, kernels=kernels, gpus=[{}])
    (row,) = records(recording, "points")
    assert row["label"] == point.removeprefix("point ")
    assert (row["op"], row["variant"], row["shape"], row["dtype"], row["block"]) == ("swish", "scalar", "8x8", "fp32", 64)
    assert (row["iterations"], row["nsys_median_ns"], row["nsys_min_ns"], row["nsys_max_ns"]) == (3, 11.0, 10.0, 12.0)
    assert row["bytes_per_iteration"] == 4000
    assert row["effective_bandwidth_bytes_per_s"] == pytest.approx(4000 / 11e-9)
    assert row["effective_bandwidth_pct"] == pytest.approx(100 * 4000 / 11e-9 / 4e12)
    assert (row["kernel"], row["kernels_per_iteration"], row["theoretical_occupancy_pct"]) == (traces.STRINGS[1], 1.0, 100.0)
    assert row["builtin_median_ns"] is None and row["status"] is None


def test_an_iteration_that_launched_nothing_has_no_time_and_slows_nothing_down(trace, tmp_path):
    label = "op=a shape=8 dtype=fp32"
    ranges = [traces.DOMAIN, (0, 1000, {"domainId": 1, "text": f"point {label}"})]
    ranges += [(100 * i + 100, 100 * i + 190, {"domainId": 1, "textId": 4}) for i in range(5)]
    launched = (0, 1)
    calls = [call(100 * i + 110, 100 * i + 120, i + 1) for i in launched]
    kernels = [kernel(100 * i + 130, 100 * i + 150, i + 1) for i in launched]
    recording = trace(ranges=ranges, calls=calls, kernels=kernels)
    (row,) = records(recording, "points")
    assert (row["nsys_median_ns"], row["nsys_min_ns"], row["iterations"]) == (20.0, 20.0, 2)
    (ranked,) = rank_recordings([recording], runs=tmp_path).to_dict("records")
    assert (ranked["median_ns"], ranked["samples"]) == (20.0, 2)


def test_one_sample_has_no_deviation(trace):
    row = records(trace(kernels=[kernel(0, 7)]), "kernels")[0]
    assert (row["count"], row["median_ns"], row["p05_ns"], row["p95_ns"], row["stddev_ns"]) == (1, 7.0, 7.0, 7.0, None)


def test_configurations_of_one_kernel_stay_apart_and_odd_names_pass(trace):
    odd = 'void k<"</script>&\'[red]">(int)'
    recording = trace(
        strings={9: odd},
        kernels=[
            kernel(0, 10, demangledName=9),
            kernel(20, 25, demangledName=9, blockX=128),
            kernel(30, 31, demangledName=9, gridY=2),
        ],
    )
    rows = records(recording, "kernels")
    assert [(row["kernel"], row["grid"], row["block"]) for row in rows] == [
        (odd, "4x1x1", "64x1x1"),
        (odd, "4x1x1", "128x1x1"),
        (odd, "4x2x1", "64x1x1"),
    ]
    assert math.isclose(sum(row["share_pct"] for row in rows), 100.0)


def test_memory_operations_tell_kinds_apart(trace):
    recording = trace(
        memcpys=[(0, 10, {"bytes": 100}), (20, 40, {"bytes": 300, "srcKind": 1}), (50, 60, {"bytes": 100})], memsets=[(70, 70, {})]
    )
    rows = {(row["direction"], row["source_kind"]): row for row in records(recording, "memory_operations")}
    assert rows["HtoD", "pageable"]["count"] == 2 and rows["HtoD", "pageable"]["bandwidth_bytes_per_s"] == 1e10
    assert rows["HtoD", "pinned"]["destination_kind"] == "device" and rows["HtoD", "pinned"]["total_ns"] == 20
    # a fill of 0 ns has no bandwidth rather than an infinite one
    assert rows["memset", None]["bandwidth_bytes_per_s"] is None


def test_without_gpu_work_every_table_says_why(trace):
    recording = trace(ranges=[(0, 10, {"text": "step"})])
    for name in ("kernels", "gaps", "memory_operations", "launch_latency", "stream_overlap", "device_activity", "nvtx_kernels"):
        with pytest.raises(DataMissingError, match="GPU"):
            recording.metric(name)
    row = records(recording, "nvtx")[0]
    assert (row["host_total_ns"], row["gpu_total_ns"], row["kernel_count"]) == (10, None, None)


def test_an_empty_trace_has_no_rows_and_no_failure(trace):
    from profiler.metrics import catalog

    frames, absent = catalog.compute_all(trace(messages=[{"text": "hello", "severity": 2}]))
    assert set(frames) == {"messages"}
    assert set(absent) == {table.name for table in catalog.METRIC_TABLES} - {"messages"}
    assert all(absent.values())
    texts = frames["messages"].array("text").tolist()
    assert "hello" in texts and any("no GPU work" in text for text in texts)


def test_the_carve_out_of_a_launch_is_read_and_limits_its_occupancy(tmp_path):
    # 10 KiB and the driver's 1 KiB a block: two blocks fit into 32 KiB, twenty into the whole 228 KiB of an SM
    kernels = [
        (0, 10, {"staticSharedMemory": 10240, "sharedMemoryExecuted": 32768}),
        (20, 30, {"staticSharedMemory": 10240, "sharedMemoryExecuted": 233472}),
    ]
    path = traces.write_trace(tmp_path / "carve.sqlite", kernels=kernels, gpus=[{}])
    recording = profiler.load(str(path))
    configurations = recording.table("launch_configurations")
    assert configurations["shared_memory_executed_bytes"].tolist() == [32768, 233472]
    found = recording.metric("occupancy")
    assert found["limit_shared_memory_blocks"].tolist() == [2, 20]
    assert found["blocks_per_sm"].tolist() == [2, 20]
    assert found["theoretical_occupancy_pct"].tolist() == [100 * 2 * 2 / 64, 100 * 20 * 2 / 64]
