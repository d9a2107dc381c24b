"""A bandwidth above the peak is impossible, or comes from a cache, or cannot be told from one."""

import json

import pytest
import traces

import profiler
from profiler.store.manifest import CaptureRecord
from profiler.store.run_dir import create_run

LABEL = "op=a shape=8x8 dtype=fp32"
SIZE = 4_000_000
L2 = 1_000_000
POSSIBLE, FAST = 10_000, 100


def recorded(folder, cache, l2, length):
    """One iteration that moves SIZE bytes in `length` ns on a GPU whose memory moves 4000 bytes in a ns."""
    run = create_run(folder / "runs", "sweep")
    run.raw("nsys").mkdir()
    ranges = [traces.DOMAIN, (0, 90_000, {"domainId": 1, "text": f"point {LABEL}"})]
    ranges.append((10, 50, {"domainId": 1, "textId": 4, "uint64Value": SIZE}))
    work = {"calls": [(20, 30, {"correlationId": 1})], "kernels": [(100, 100 + length, {"correlationId": 1})]}
    traces.write_trace(run.raw("nsys") / "capture.sqlite", gpus=[{"l2CacheSize": l2}], ranges=ranges, **work)
    point = {"label": LABEL, "status": "ok", "cache": cache, "samples_ns": []}
    document = {"schema": "profiler-result", "schema_version": 1, "points": [point]}
    (run.raw("nsys") / "result.json").write_text(json.dumps(document))
    artefacts = ["raw/nsys/capture.sqlite", "raw/nsys/result.json"]
    run.manifest.captures.append(CaptureRecord("nsys", artefacts=artefacts))
    run.finish("complete")
    return profiler.load(run.path).metric_columns("point_summary").to_records()[0]


@pytest.mark.parametrize(
    ("cache", "l2", "length", "said"),
    [
        ("cold", L2, FAST, "impossible"),
        ("cold", SIZE // 2, FAST, "served by cache"),
        ("cold", None, FAST, "the size of the L2 is unknown"),
        ("warm", L2, FAST, "served by cache"),
        ("warm", None, FAST, "served by cache"),
        ("cold", L2, POSSIBLE, ""),
    ],
)
def test_a_bandwidth_above_the_peak_is_judged_by_cache_and_working_set(tmp_path, cache, l2, length, said):
    row = recorded(tmp_path, cache, l2, length)
    assert row["bytes_per_iteration"] == SIZE and row["effective_bandwidth_bytes_per_s"] == SIZE * 1e9 / length
    assert (said in row["note"] and "above the peak" in row["note"]) if said else row["note"] is None
    assert sum(word in (row["note"] or "") for word in ("impossible", "served by cache", "unknown")) == bool(said)


def test_where_iterations_overlap_their_period_tells_how_fast_bytes_move(tmp_path):
    run = create_run(tmp_path / "runs", "sweep")
    for tool in ("builtin", "nsys"):
        run.raw(tool).mkdir()
    ranges = [traces.DOMAIN, (0, 90_000, {"domainId": 1, "text": f"point {LABEL}"})]
    ranges += [(10 + 100 * i, 50 + 100 * i, {"domainId": 1, "textId": 4, "uint64Value": SIZE}) for i in range(4)]
    calls = [(20 + 100 * i, 30 + 100 * i, {"correlationId": 1 + i}) for i in range(4)]
    # each takes 2000 ns and begins 1000 ns after the one before it
    kernels = [(1000 * (1 + i), 1000 * (1 + i) + 2000, {"correlationId": 1 + i, "streamId": 7 + i % 2}) for i in range(4)]
    traces.write_trace(run.raw("nsys") / "capture.sqlite", gpus=[{}], ranges=ranges, calls=calls, kernels=kernels)
    point = {"label": LABEL, "status": "ok", "samples_ns": [2100, 2100, 2100], "bytes_per_iteration": SIZE}
    document = {"schema": "profiler-result", "schema_version": 1, "points": [point]}
    (run.raw("builtin") / "result.json").write_text(json.dumps(document))
    run.manifest.captures.append(CaptureRecord("nsys", artefacts=["raw/nsys/capture.sqlite"]))
    run.manifest.captures.append(CaptureRecord("builtin", artefacts=["raw/builtin/result.json"]))
    run.finish("complete")
    (row,) = profiler.load(run.path).metric_columns("point_summary").to_records()
    assert (row["timed_by"], row["nsys_median_ns"], row["builtin_median_ns"]) == ("period", 1000, 2100)
    assert row["effective_bandwidth_bytes_per_s"] == SIZE * 1e9 / 1000
