"""Measures PyTorch's silu as the driver measures an op, and writes the same result document; a program of its own.

It runs under an interpreter that has torch and need not have this package, so it imports neither from it nor, before it
is run, torch.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

WARMUP, BATCH = 10, 16
L2_FACTOR = 2
"""Buffers rotate past this many times the L2 cache, so that inputs come from device memory."""
NS_PER_MS = 1_000_000
DELAY_CYCLES = 4_000_000
"""Holds the stream for about 2 ms, while the host enqueues a batch: no launch gap then lies between two events."""
TOLERANCES = {"fp32": (1e-7, 1e-6), "fp16": (2.0**-12, 2.0**-8)}
"""Absolute and relative tolerance, those of the driver's native silu."""


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Measures PyTorch's silu.")
    parser.add_argument("--shape", required=True)
    parser.add_argument("--dtype", default="fp32")
    parser.add_argument("--device", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--json", type=Path, required=True)
    return parser.parse_args(argv)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure each type and return the result document."""
    import torch

    torch.cuda.set_device(options.device)
    shape = tuple(int(part) for part in options.shape.split("x"))
    properties = torch.cuda.get_device_properties(options.device)
    return {
        "schema": "profiler-result", "schema_version": 1,
        "program": {"name": "torch_silu", "version": torch.__version__},
        "engine": "torch",
        "device": {"name": properties.name, "sm_count": properties.multi_processor_count,
                   "compute_capability": f"{properties.major}.{properties.minor}", "total_memory_bytes": properties.total_memory},
        "versions": {"torch": torch.__version__, "cuda_runtime": torch.version.cuda},
        "digests": {}, "argv": ["torch_silu", *sys.argv[1:]],
        "points": [_point(torch, shape, dtype, options.seconds) for dtype in options.dtype.split(",")],
    }  # fmt: skip


def _point(torch: Any, shape: tuple[int, ...], dtype: str, seconds: float) -> dict[str, Any]:
    kind = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[dtype]
    l2 = getattr(torch.cuda.get_device_properties(torch.cuda.current_device()), "L2_cache_size", 64 << 20)
    inputs = [torch.randn(shape, device="cuda", dtype=kind)]
    size = 2 * inputs[0].numel() * inputs[0].element_size()
    sets = max(2, -(-L2_FACTOR * l2 // size) + 1)
    inputs += [torch.randn(shape, device="cuda", dtype=kind) for _ in range(sets - 1)]
    outputs = [torch.full_like(item, float("nan")) for item in inputs]
    verification = _verify(torch, inputs[0], outputs[0], TOLERANCES.get(dtype, (2.0**-9, 2.0**-6)))
    samples = _samples(torch, inputs, outputs, seconds) if verification["passed"] else []
    dims = "x".join(map(str, shape))
    return {
        "label": f"op=torch_silu shape={dims} dtype={dtype}", "op": "torch_silu", "shape": list(shape), "dtype": dtype,
        "attributes": {}, "launch": None, "engine": "torch",
        "status": "ok" if verification["passed"] else "wrong_output",
        "reason": None if verification["passed"] else "the output differs from the reference",
        "bytes_per_iteration": size, "verification": verification,
        "clock": "cuda_event", "cache": "cold", "launch_mode": "plain", "streams": 1, "threads": 1, "measure": "isolated",
        "warmup_count": WARMUP, "samples_ns": samples, "host_samples_ns": None,
    }  # fmt: skip


def _run(torch: Any, source: Any, target: Any) -> None:
    torch.ops.aten.silu.out(source, out=target)


def _verify(torch: Any, source: Any, target: Any, tolerance: tuple[float, float]) -> dict[str, Any]:
    """Compare one output with float64, in slices so that the reference fits beside the buffers."""
    _run(torch, source, target)
    absolute, relative = tolerance
    largest = largest_relative = 0.0
    failed = 0
    for own, actual in zip(source.flatten().split(1 << 24), target.flatten().split(1 << 24), strict=True):
        wide = own.double()
        expected = wide * torch.sigmoid(wide)
        error = (actual.double() - expected).abs()
        failed += int((~(error <= absolute + relative * expected.abs())).sum())
        largest = max(largest, float(error.max()))
        nonzero = expected != 0
        largest_relative = max(largest_relative, float((error[nonzero] / expected[nonzero].abs()).max()))
    return {
        "passed": failed == 0, "reference": "float64", "element_count": source.numel(), "failed_count": failed,
        "max_abs_error": largest, "max_rel_error": largest_relative, "tolerance_abs": absolute, "tolerance_rel": relative,
    }  # fmt: skip


def _samples(torch: Any, inputs: list[Any], outputs: list[Any], seconds: float) -> list[int]:
    """Time iterations between events, a batch at a time behind a kernel that holds the stream."""
    sets, turn = len(inputs), 0
    for _ in range(WARMUP):
        _run(torch, inputs[turn % sets], outputs[turn % sets])
        turn += 1
    torch.cuda.synchronize()
    samples: list[int] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline or not samples:
        events = [torch.cuda.Event(enable_timing=True) for _ in range(BATCH + 1)]
        torch.cuda._sleep(DELAY_CYCLES)
        # an iteration before the first event: it takes the cold start after the delay
        _run(torch, inputs[turn % sets], outputs[turn % sets])
        events[0].record()
        for event in events[1:]:
            turn += 1
            _run(torch, inputs[turn % sets], outputs[turn % sets])
            event.record()
        turn += 1
        torch.cuda.synchronize()
        pairs = pairwise(events)
        samples += [round(first.elapsed_time(second) * NS_PER_MS) for first, second in pairs]
    return samples


def main() -> None:
    """Measure and write the document."""
    options = parse()
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(measure(options), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
