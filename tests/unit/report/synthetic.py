"""Recordings made of synthetic tables: what the page tests draw. Times follow a simple model, so that orders are known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from profiler.columns import Columns, integers
from profiler.metrics.recording import Recording
from profiler.point_label import encode_label
from profiler.schema import TABLES, check_columns
from profiler.store.manifest import CaptureRecord, Manifest
from profiler.store.run_dir import RunDir

PEAK = 4_814_304_000_000
HOSTILE = '</script><img src=x onerror="window.pwned=1">\'"&amp;<b>αβ</b>' + "template<int,float,…>" * 40


def columns_of(frame: pd.DataFrame) -> Columns:
    """Return a frame as readers give tables: whole numbers masked where they are missing, text None."""
    plain = {name: frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame.columns}
    whole = {name for name in frame.columns if pd.api.types.is_integer_dtype(frame[name].dtype)}
    real = {name for name in frame.columns if pd.api.types.is_float_dtype(frame[name].dtype)}
    return Columns(
        {
            str(name): integers(values) if name in whole else np.array(values, dtype=float if name in real else object)
            for name, values in plain.items()
        },
        len(frame),
    )


class MemorySource:
    """A tool's tables, held in memory instead of a file."""

    def __init__(self, tool: str, frames: dict[str, pd.DataFrame], info: dict[str, Any] | None = None) -> None:
        self.tool = tool
        self._info = info or {}
        self._columns = {name: columns_of(frame) for name, frame in frames.items()}
        for name, columns in self._columns.items():
            check_columns(columns, TABLES[name], "synthetic")

    def read(self, name: str) -> Columns | None:
        return self._columns.get(name)

    def prefetch(self, names: Iterable[str]) -> None:
        del names

    def reason(self, name: str) -> str:
        return "" if name in self._columns else f"the synthetic {self.tool} capture holds no {name}"

    def info(self) -> dict[str, Any]:
        return self._info


def devices() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "device_id": 0,
                "name": "NVIDIA H200",
                "compute_capability": "9.0",
                "sm_count": 132,
                "sm_clock_hz": 1_980_000_000,
                "memory_bandwidth_bytes_per_s": PEAK,
                "l2_cache_bytes": 62_914_560,
                "total_memory_bytes": 150_109_880_320,
                "max_warps_per_sm": 64,
                "max_blocks_per_sm": 32,
                "registers_per_sm": 65_536,
                "shared_memory_per_sm_bytes": 233_472,
            }
        ]
    )


def sweep_points() -> list[dict[str, Any]]:
    """Two variants, five blocks, two types, two shapes; the time in ns of each."""
    points = []
    for shape, elements in (("4096x1024", 4096 * 1024), ("65536x1024", 65536 * 1024)):
        for dtype, size in (("fp32", 4), ("fp16", 2)):
            for variant, share in (("scalar", 0.55), ("vectorized", 0.9)):
                for block in (64, 128, 256, 512, 1024):
                    efficiency = share * {64: 0.5, 128: 0.86, 256: 1.0, 512: 0.99, 1024: 0.93}[block]
                    size_bytes = 2 * elements * size
                    points.append(
                        {
                            "op": "swish",
                            "variant": variant,
                            "shape": shape,
                            "dtype": dtype,
                            "block": block,
                            "bytes": size_bytes,
                            "elements": elements,
                            "time_ns": int(size_bytes / (PEAK * efficiency) * 1e9) + 1500,
                        }
                    )
    return points


def sweep_frames(iterations: int = 12, seed: int = 1, slower: float = 1.0, kernel_suffix: str = "") -> dict[str, pd.DataFrame]:
    """An nsys capture of the sweep: kernels, copies, API calls and NVTX ranges as the driver makes them."""
    random = np.random.default_rng(seed)
    configurations, kernels, calls, ranges, copies = [], [], [], [], []
    now, correlation = 2_000_000, 1
    for index, point in enumerate(sweep_points()):
        label = encode_label({key: point[key] for key in ("op", "variant", "shape", "dtype", "block")})
        vector = point["variant"] == "vectorized"
        element = "float" if point["dtype"] == "fp32" else "__half"
        configurations.append(
            {
                "kernel": f"void swish_{point['variant']}_kernel<{element}>(float const*, float*, long, float){kernel_suffix}",
                "short_name": f"swish_{point['variant']}_kernel{kernel_suffix}",
                "grid_x": -(-point["elements"] // point["block"] // (4 if vector else 1)),
                "grid_y": 1,
                "grid_z": 1,
                "block_x": point["block"],
                "block_y": 1,
                "block_z": 1,
                "registers_per_thread": 32 if vector else 16,
                "static_shared_memory_bytes": 0,
                "dynamic_shared_memory_bytes": 0,
            }
        )
        begin = now
        copies.append((now + 3_000, 900_000, 16_777_216, "HtoD", "pageable", "device", correlation))
        calls.append((now, 910_000, "runtime", "cudaMemcpy", correlation))
        correlation, now = correlation + 1, now + 950_000
        for _ in range(iterations):
            time = int(point["time_ns"] * slower * random.lognormal(0, 0.01))
            ranges.append((now, 12_000, "push_pop", "profiler", "iteration", point["bytes"]))
            calls.append((now + 1_000, 4_500, "runtime", "cudaLaunchKernel", correlation))
            kernels.append((now + 7_000, time, index, correlation))
            correlation, now = correlation + 1, now + 7_000 + time + int(random.exponential(9_000)) + 800
        ranges.append((begin, now - begin, "push_pop", "profiler", f"point {label}", None))
        now += 200_000
    return _frames(configurations, kernels, copies, calls, ranges)


def _frames(configurations: list, kernels: list, copies: list, calls: list, ranges: list) -> dict[str, pd.DataFrame]:
    where = {"process_id": 4242, "device_id": 0, "context_id": 1}
    kernel = pd.DataFrame(kernels, columns=["start_ns", "duration_ns", "launch_configuration_id", "correlation_id"]).assign(
        **where, stream_id=7
    )
    copy = pd.DataFrame(
        copies, columns=["start_ns", "duration_ns", "size_bytes", "direction", "source_kind", "destination_kind", "correlation_id"]
    ).assign(**where, stream_id=13)
    call = pd.DataFrame(calls, columns=["start_ns", "duration_ns", "api", "name", "correlation_id"]).assign(
        process_id=4242, thread_id=4242
    )
    nvtx = pd.DataFrame(ranges, columns=["start_ns", "duration_ns", "kind", "domain", "name", "payload_int"]).assign(
        process_id=4242, thread_id=4242
    )
    nvtx["payload_int"] = nvtx["payload_int"].astype("Int64")
    frames = {
        "launch_configurations": pd.DataFrame(configurations),
        "kernels": kernel,
        "memcpys": copy,
        "api_calls": call,
        "nvtx_ranges": nvtx,
        "devices": devices(),
        "streams": pd.DataFrame(
            [{"process_id": 4242, "context_id": 1, "stream_id": stream, "kind": "default"} for stream in (7, 13)]
        ),
        "contexts": pd.DataFrame([{"process_id": 4242, "context_id": 1, "device_id": 0}]),
    }
    order = {name: list(TABLES[name].order) for name in frames}
    return {
        name: frame.sort_values(order[name], kind="stable", ignore_index=True) if order[name] else frame
        for name, frame in frames.items()
    }


def builtin_frames(samples: int = 40, seed: int = 2, slower: float = 1.0) -> dict[str, pd.DataFrame]:
    """The result JSON of the same sweep: points and samples by CUDA events, one of the points wrong."""
    random = np.random.default_rng(seed)
    points, rows = [], []
    for index, point in enumerate(sweep_points()):
        label = encode_label({key: point[key] for key in ("op", "variant", "shape", "dtype", "block")})
        wrong = index == 7
        points.append(
            {
                "point_id": index,
                "tool": "builtin",
                "label": label,
                "op": "swish",
                "variant": point["variant"],
                "shape": point["shape"],
                "dtype": point["dtype"],
                "program": "profiler-driver",
                "engine": "direct",
                "status": "wrong_output" if wrong else "ok",
                "reason": "max abs error 0.5 at [3, 1]" if wrong else None,
                "bytes_per_iteration": point["bytes"],
                "clock": "cuda_event",
                "cache": "cold",
                "launch_mode": "plain",
                "streams": 1,
                "threads": 1,
            }
        )
        if wrong:
            continue
        times = (point["time_ns"] * slower + 2_100) * random.lognormal(0, 0.008, samples) * np.linspace(1, 1.01, samples)
        rows += [(index, at, float(round(time)), float(random.integers(3_800, 4_600))) for at, time in enumerate(times)]
    frame = pd.DataFrame(rows, columns=["point_id", "sample_index", "duration_ns", "host_duration_ns"])
    return {"points": pd.DataFrame(points), "samples": frame, "devices": devices()}


def manifest(name: str) -> Manifest:
    return Manifest(
        run_id=f"20250101T101500Z-{name}-abc123",
        label=name,
        created_utc="2025-01-01T10:15:00+00:00",
        status="complete",
        argv=["profiler", "run", "--tool", "nsys"],
        command=["profiler-driver", "--direct", "--plugin", "swish", "--shape", "65536x1024"],
        engine="direct",
        captures=[
            CaptureRecord(
                "nsys", argv=["nsys", "profile"], tool_version="NVIDIA Nsight Systems 2025.3.1", notes=["3 API calls were skipped"]
            ),
            CaptureRecord("builtin", argv=["profiler-driver"]),
        ],
        environment={"driver": "580.65.06", "versions": {"cuda": "13.0"}, "host": "gpu-box"},
    )


def recording(name: str = "swish-sweep", folder: Path = Path("runs"), *, slower: float = 1.0, seed: int = 1) -> Recording:
    """One recording with nsys and built-in captures of the sweep."""
    sources = [
        MemorySource("nsys", sweep_frames(seed=seed, slower=slower), {"version": "2025.3.1"}),
        MemorySource("builtin", builtin_frames(seed=seed + 1, slower=slower)),
    ]
    document = manifest(name)
    return Recording(name, folder / document.run_id, sources, RunDir(folder / document.run_id, document))


def bare(name: str, frames: dict[str, pd.DataFrame], tool: str = "nsys") -> Recording:
    """A recording of one tool without a run folder, like a bare file."""
    return Recording(name, Path(name), [MemorySource(tool, frames)])


def ncu_frames(launches: int = 4, name: str = "void swish_scalar_kernel<float>(float const*)") -> dict[str, pd.DataFrame]:
    """An ncu report with the counters that occupancy, throughput and roofline derive from."""
    values = {
        "gpu__time_duration.sum": (133_000.0, "ns"),
        "sm__warps_active.avg.pct_of_peak_sustained_active": (80.0, "%"),
        "sm__maximum_warps_per_active_cycle_pct": (100.0, "%"),
        "launch__registers_per_thread": (16.0, "register/thread"),
        "dram__bytes_read.sum": (2.7e8, "byte"),
        "dram__bytes_write.sum": (2.5e8, "byte"),
        "dram__bytes.sum": (5.2e8, "byte"),
        "dram__bytes.sum.per_second": (3.9e12, "byte/s"),
        "dram__bytes.sum.peak_sustained": (1504.0, "byte/cycle"),
        "dram__cycles_elapsed.avg.per_second": (3.2e9, "cycle/s"),
        "sm__cycles_elapsed.avg.per_second": (1.98e9, "cycle/s"),
        "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed": (81.0, "%"),
        "sm__sass_thread_inst_executed_op_ffma_pred_on.sum.peak_sustained": (16_896.0, "inst/cycle"),
        **{
            f"smsp__sass_thread_inst_executed_op_{op}_pred_on.sum": (2.7e8, "inst")
            for op in ("fadd", "fmul", "ffma", "hadd", "hmul", "hfma")
        },
    }
    rows = [
        (launch, metric, value * (1 + 0.05 * launch), unit)
        for launch in range(launches)
        for metric, (value, unit) in sorted(values.items())
    ]
    blocks = [64 * 2**launch for launch in range(launches)]
    return {
        "counters": pd.DataFrame(rows, columns=["launch_id", "metric", "value", "unit"]),
        "profiled_launches": pd.DataFrame(
            [
                {
                    "launch_id": launch,
                    "kernel": name,
                    "grid_x": 4096,
                    "grid_y": 1,
                    "grid_z": 1,
                    "block_x": block,
                    "block_y": 1,
                    "block_z": 1,
                    "device_id": 0,
                    "point": f"op=swish variant=scalar shape=65536x1024 dtype=fp32 block={block}",
                }
                for launch, block in enumerate(blocks)
            ]
        ),
        "devices": devices(),
    }


def messages(text: str = "2 events were dropped") -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"source": "nsys", "severity": "warning", "text": text, "hint": "record a shorter range"},
            {"source": "nsys", "severity": "info", "text": "Profiling has started.", "hint": None},
        ]
    )


def everything(name: str = "everything") -> Recording:
    """A recording with data for every panel."""
    nsys = sweep_frames() | {"diagnostics": messages()}
    nsys["synchronizations"] = (
        nsys["kernels"]
        .head(30)[["start_ns", "duration_ns", "process_id", "device_id", "context_id", "stream_id", "correlation_id"]]
        .assign(kind="stream")
    )
    document = manifest(name)
    sources = [
        MemorySource("nsys", nsys, {"version": "2025.3.1"}),
        MemorySource("builtin", builtin_frames()),
        MemorySource("ncu", ncu_frames()),
    ]
    return Recording(name, Path("runs") / document.run_id, sources, RunDir(Path("runs") / document.run_id, document))


def hostile() -> Recording:
    """A recording in which every text is an attack or a nuisance."""
    nsys, builtin = sweep_frames(), builtin_frames()
    nsys["launch_configurations"] = nsys["launch_configurations"].assign(
        kernel=[f"{HOSTILE}{index}(int)" for index in range(40)], short_name=[f"{HOSTILE}{index}" for index in range(40)]
    )
    nsys["nvtx_ranges"] = nsys["nvtx_ranges"].assign(name=HOSTILE + nsys["nvtx_ranges"]["name"], domain=HOSTILE)
    nsys["api_calls"] = nsys["api_calls"].assign(name=HOSTILE)
    nsys["memcpys"] = nsys["memcpys"].assign(direction=HOSTILE, source_kind=HOSTILE)
    nsys["devices"] = nsys["devices"].assign(name=HOSTILE)
    nsys["diagnostics"] = messages(HOSTILE)
    value = encode_label({"v": HOSTILE[:60]}).removeprefix("v=")
    builtin["points"] = builtin["points"].assign(
        label=[label.replace("variant=scalar", f"variant={value}") for label in builtin["points"]["label"]],
        reason=HOSTILE,
        program=HOSTILE,
        variant=HOSTILE,
    )
    document = manifest("hostile")
    document.label, document.command, document.engine = HOSTILE, [HOSTILE], HOSTILE
    document.captures[0].notes.append(HOSTILE)
    document.environment[HOSTILE] = HOSTILE
    ncu = ncu_frames(name=HOSTILE)
    sources = [
        MemorySource("nsys", nsys, {HOSTILE: HOSTILE}),
        MemorySource("builtin", builtin),
        MemorySource("ncu", ncu, {"version": HOSTILE}),
    ]
    return Recording(HOSTILE, Path("runs/hostile"), sources, RunDir(Path("runs/hostile"), document))


def silent() -> Recording:
    """A capture in which nothing was recorded."""
    return bare("silent.sqlite", {"devices": devices()})
