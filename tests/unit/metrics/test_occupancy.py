"""Occupancy against NVIDIA's own calculator, against ncu, and against ncu's what-if curves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from profiler.columns import Columns, encode
from profiler.errors import DataMissingError
from profiler.metrics.device_limits import KNOWN, sm_limits
from profiler.metrics.occupancy_limits import LIMITERS, UNLIMITED, block_limits, limits_of_launches
from profiler.metrics.recording import load

DATA = Path(__file__).parents[2] / "data" / "ncu_h200"
REPORTS = [DATA / "swish.ncu-rep", DATA / "row_sum.ncu-rep"]
LAUNCHES = 4000
H200 = {"compute_capability": "9.0"}


def theoretical_occupancy(configurations, device):
    return limits_of_launches(configurations, device).to_frame()


def _capability(pair: tuple[int, int]) -> str:
    return f"{pair[0]}.{pair[1]}"


def _configurations(threads, registers, static, dynamic, barriers=0, carve_out=None) -> Columns:
    columns = {
        "block_x": np.asarray(threads),
        "block_y": np.ones_like(threads),
        "block_z": np.ones_like(threads),
        "registers_per_thread": np.asarray(registers),
        "static_shared_memory_bytes": np.asarray(static),
        "dynamic_shared_memory_bytes": np.asarray(dynamic),
        "barrier_count": np.broadcast_to(barriers, np.shape(threads)),
    }
    if carve_out is not None:
        columns["shared_memory_executed_bytes"] = np.broadcast_to(carve_out, np.shape(threads))
    return Columns(columns)


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    roots = [Path("/usr/local/cuda"), *sorted(Path("/usr/local").glob("cuda-*"), reverse=True)]
    nvcc = shutil.which("nvcc")
    if nvcc:
        roots.insert(0, Path(nvcc).resolve().parents[1])
    headers = [root / "include" for root in roots if (root / "include" / "cuda_occupancy.h").is_file()]
    if not headers or compiler is None:
        pytest.skip("needs cuda_occupancy.h of the CUDA toolkit and a C compiler")
    target = tmp_path_factory.mktemp("oracle") / "oracle"
    source = Path(__file__).with_name("occupancy_oracle.c")
    subprocess.run([compiler, "-O1", f"-I{headers[0]}", str(source), "-o", str(target)], check=True)
    return target


# the header knows no 8.8
@pytest.mark.parametrize("capability", [pair for pair in KNOWN if pair != (8, 8)], ids=_capability)
def test_limits_equal_the_cuda_header(oracle: Path, capability: tuple[int, int]) -> None:
    limits = KNOWN[capability]
    random = np.random.default_rng(sum(capability))
    threads = random.integers(1, 1025, LAUNCHES)
    threads[: LAUNCHES // 2] = random.integers(1, 33, LAUNCHES // 2) * 32
    registers = random.integers(0, 256, LAUNCHES)
    static = random.choice([0, 1, 512, 4096, 33 * 32 * 4, 49152], LAUNCHES) // random.integers(1, 4, LAUNCHES)
    room = limits.shared_optin_bytes + 4096 - static
    dynamic = np.where(random.random(LAUNCHES) < 0.4, 0, random.integers(0, room))
    barriers = random.integers(0, 17, LAUNCHES)
    device = [
        *capability,
        limits.warps * 32,
        limits.registers,
        limits.shared_bytes,
        limits.shared_optin_bytes,
        limits.shared_reserve_bytes,
    ]
    rows = np.column_stack([np.tile(device, (LAUNCHES, 1)), threads, registers, static, dynamic, barriers])
    text = "\n".join(" ".join(map(str, row)) for row in rows.tolist())
    answer = subprocess.run([str(oracle)], input=text, capture_output=True, text=True, check=True).stdout
    expected = np.array([line.split() for line in answer.splitlines()], dtype=np.int64)
    assert len(expected) == LAUNCHES
    configurations = _configurations(threads, registers, static, dynamic, barriers)
    found = block_limits(configurations, limits, np.zeros(LAUNCHES, np.int64))
    np.testing.assert_array_equal(found, expected[:, 1:])
    np.testing.assert_array_equal(found.min(axis=1), expected[:, 0])
    assert (found.min(axis=1) == 0).any(), "no launch too large for the SM among the cases"


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_limits_equal_ncu_for_every_kernel(path: Path) -> None:
    pytest.importorskip("ncu_report", reason="package ncu-report is not installed")
    recording = load(path)
    counters = recording.table("counters").pivot(index="launch_id", columns="metric", values="value")
    launches = recording.table("profiled_launches").set_index("launch_id")
    configurations = pd.DataFrame(
        {
            **{f"block_{axis}": launches[f"block_{axis}"] for axis in "xyz"},
            "registers_per_thread": counters["launch__registers_per_thread"].astype(int),
            "static_shared_memory_bytes": counters["launch__shared_mem_per_block_static"].astype(int),
            "dynamic_shared_memory_bytes": counters["launch__shared_mem_per_block_dynamic"].astype(int),
            "shared_memory_executed_bytes": counters["launch__shared_mem_config_size"].astype(int),
            "barrier_count": counters["launch__barrier_count"].astype(int),
        }
    )
    columns = Columns({name: configurations[name].to_numpy() for name in configurations})
    found = theoretical_occupancy(columns, recording.table("devices").iloc[0])
    assert found.index.equals(configurations.index)
    assert (found["occupancy_pct"] == counters["sm__maximum_warps_per_active_cycle_pct"]).all()
    for name in LIMITERS:
        limit = found[f"limit_{name.replace(' ', '_')}_blocks"]
        stated = counters[f"launch__occupancy_limit_{name.replace('shared memory', 'shared_mem')}"]
        used = limit.notna().to_numpy()
        if name == "barriers":  # ncu shows no more than the block limit
            limit = limit.clip(upper=found["limit_blocks_blocks"])
        assert (limit[used].astype(float) == stated[used]).all(), name
        if name != "barriers":
            assert used.all(), name


def _curve(action, name: str) -> tuple[np.ndarray, np.ndarray]:
    metric = action.metric_by_name(name)
    ids, count = metric.correlation_ids(), metric.num_instances()
    return np.array([ids.as_uint64(i) for i in range(count)], np.int64), np.array([metric.as_double(i) for i in range(count)])


def _check_curves(action) -> int:
    """Compare ncu's what-if curves of one launch (x, resident warps); return the number of points."""
    names = ("block_size", "registers_per_thread", "shared_mem_per_block_static", "shared_mem_config_size")
    threads, registers, shared, carve_out = (action.metric_by_name(f"launch__{name}").as_uint64() for name in names)
    limits = sm_limits(H200)

    def warps(threads=threads, registers=registers, static=shared, barriers=0) -> np.ndarray:
        columns = np.broadcast_arrays(threads, registers, static, 0, barriers, carve_out)
        configurations = _configurations(*columns)
        return block_limits(configurations, limits, columns[-1]).min(axis=1) * -(-columns[0] // 32)

    x, y = _curve(action, "launch__occupancy_per_register_count")
    np.testing.assert_array_equal(warps(registers=x[1:]), y[1:])  # 0 registers: no kernel has that
    points = len(x) - 1
    x, y = _curve(action, "launch__occupancy_per_block_size")
    np.testing.assert_array_equal(warps(threads=x[x > 0]), y[x > 0])
    points += len(x)
    x, y = _curve(action, "launch__occupancy_per_barrier_count")
    np.testing.assert_array_equal(warps(barriers=x), y)
    points += len(x)
    x, y = _curve(action, "launch__occupancy_per_shared_mem_size")
    # beyond the carve-out and 48 KiB ncu counts the launch as impossible; the driver lets a kernel opt in
    known = (x >= limits.shared_reserve_bytes) & (x <= max(carve_out, 49152))
    np.testing.assert_array_equal(warps(static=x[known] - limits.shared_reserve_bytes), y[known])
    return points + int(known.sum())


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_what_if_curves_equal_ncu(path: Path) -> None:
    ncu_report = pytest.importorskip("ncu_report", reason="package ncu-report is not installed")
    context = ncu_report.load_report(str(path))
    points = [_check_curves(action) for group in context for action in group]
    assert min(points) > 400


def test_ties_are_all_reported() -> None:
    row = theoretical_occupancy(_configurations([256], [28], [0], [0]), H200).iloc[0]
    assert (row["blocks_per_sm"], row["occupancy_pct"], row["limiter"]) == (8, 100.0, "warps, registers")


def test_each_resource_can_be_the_limiter() -> None:
    cases = {
        "warps": ([1024], [16], [0], [0]),
        "blocks": ([32], [16], [0], [0]),
        "registers": ([256], [255], [0], [0]),
        "shared memory": ([128], [16], [0], [200_000]),
        "barriers": ([32], [16], [0], [0], 16),
    }
    for limiter, case in cases.items():
        assert theoretical_occupancy(_configurations(*case), H200)["limiter"].tolist() == [limiter]


def test_an_unused_resource_has_no_limit() -> None:
    row = theoretical_occupancy(_configurations([128], [0], [0], [0]), {"compute_capability": "7.5"}).iloc[0]
    missing = [name for name in LIMITERS if pd.isna(row[f"limit_{name.replace(' ', '_')}_blocks"])]
    assert missing == ["registers", "shared memory", "barriers"]


def test_the_carve_out_in_effect_counts_and_none_means_the_largest() -> None:
    case = ([128], [16], [0], [20_000])
    small = theoretical_occupancy(_configurations(*case, carve_out=32768), H200)
    assert small["blocks_per_sm"].tolist() == [1]
    for carve_out in (None, 0):
        free = theoretical_occupancy(_configurations(*case, carve_out=carve_out), H200)
        assert free["blocks_per_sm"].tolist() == [233472 // 21120]


def test_device_row_beats_the_table_and_gaps_fall_back() -> None:
    stated = sm_limits(
        {
            "compute_capability": "9.0",
            "max_warps_per_sm": 48,
            "max_blocks_per_sm": None,
            "registers_per_sm": float("nan"),
            "shared_memory_per_sm_bytes": pd.NA,
        }
    )
    assert (stated.warps, stated.blocks, stated.registers, stated.shared_bytes) == (48, 32, 65536, 233472)


def test_a_newer_device_takes_the_newest_rules_and_an_older_one_is_refused() -> None:
    assert sm_limits({"compute_capability": "13.0"}).shared_unit_bytes == 128
    for text in ("6.1", "", None, "nine"):
        with pytest.raises(DataMissingError, match="occupancy"):
            sm_limits({"compute_capability": text})


def test_empty_and_missing_values() -> None:
    assert len(theoretical_occupancy(_configurations([], [], [], []), H200)) == 0
    columns = _configurations([64], [16], [0], [0])
    masked = columns.with_columns(shared_memory_executed_bytes=np.ma.masked_all(1, np.int64))
    assert theoretical_occupancy(masked, H200)["blocks_per_sm"].tolist() == [32]
    assert UNLIMITED > 1 << 30


class _Recording:
    """Just enough of a recording: frames by name."""

    def __init__(self, **frames: Columns) -> None:
        self._frames = frames

    def has(self, name: str, tool: str | None = None) -> bool:
        return name in self._frames

    def columns(self, name: str, tool: str | None = None) -> Columns:
        return self._frames[name]


def test_two_devices_get_a_row_each() -> None:
    from profiler.metrics.occupancy import occupancy

    one = np.ones(1, np.int64)
    configurations = _configurations([1024], [32], [0], [0]).with_columns(
        kernel=encode(["k"]), grid_x=one * 264, grid_y=one, grid_z=one
    )
    devices = Columns(
        {
            "device_id": np.array([0, 1]),
            "compute_capability": encode(["9.0", "8.9"]),
            "sm_count": np.array([132, 142]),
        }
    )
    kernels = Columns({"launch_configuration_id": np.zeros(5, np.int32), "device_id": np.array([0, 1, 1, 0, 1])})
    frame = occupancy(_Recording(launch_configurations=configurations, devices=devices, kernels=kernels)).to_frame()
    assert frame["device"].tolist() == [0, 1]
    assert frame["count"].tolist() == [2, 3]
    assert frame["blocks_per_sm"].tolist() == [2, 1]
    assert frame["theoretical_occupancy_pct"].round(1).tolist() == [100.0, 66.7]
    assert frame["waves_per_sm"].round(4).tolist() == [1.0, round(264 / 142, 4)]
    assert frame["achieved_occupancy_pct"].isna().all()
