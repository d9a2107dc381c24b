"""A program that takes the driver's options and writes its result document, with times of known truth.

Time of a point: bytes to move over 4 TB/s, times FACTOR from the environment variable SIMULATED_FACTOR or the attribute
`slow`, times noise between processes and between iterations.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import random
import sys
from pathlib import Path

SIZES = {"fp32": 4, "fp16": 2, "bf16": 2}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--direct", action="store_true")
    parser.add_argument("--plugin", default="swish")
    parser.add_argument("--shape", default="65536x1024")
    parser.add_argument("--dtype", default="fp32")
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--points", type=Path)
    if "--no-only" not in sys.argv:
        parser.add_argument("--only", type=Path, metavar="FILE")
    parser.add_argument("--no-only", action="store_true")
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--process-noise", type=float, default=0.001)
    parser.add_argument("--noisy-variant", default="none")
    parser.add_argument("--factor", type=float, default=1.0)
    parser.add_argument("--tolerance-abs", type=float)
    parser.add_argument("--tolerance-rel", type=float)
    parser.add_argument("--no-verify", action="store_true")
    parser.add_argument("--cache-mode", default="cold")
    parser.add_argument("--crash", action="store_true")
    parser.add_argument("--clock-drop-in-round", default="")
    parser.add_argument("--launched-in-round", default="none")
    parser.add_argument("--round", default="")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--min-time", default="")
    return parser.parse_args()


def labels(options: argparse.Namespace) -> list[str]:
    if options.points:
        return [line.strip() for line in options.points.read_text().splitlines() if line.strip()]
    sets = [(text.split("=")[0], text.split("=")[1].split(",")) for text in options.set]
    axes = [options.plugin.split(","), options.shape.split(","), options.dtype.split(","), *(values for _, values in sets)]
    found = []
    for op, shape, dtype, *rest in itertools.product(*axes):
        attributes = dict(zip([name for name, _ in sets], rest, strict=True))
        variant = f" variant={attributes.pop('variant')}" if "variant" in attributes else ""
        others = "".join(f" {name}={value}" for name, value in attributes.items())
        found.append(f"op={op}{variant} shape={shape} dtype={dtype}{others}")
    only = getattr(options, "only", None)
    return [label for label in found if label in only.read_text().splitlines()] if only else found


def point(label: str, options: argparse.Namespace, rng: random.Random) -> dict:
    pairs = dict(item.split("=") for item in label.split(" "))
    shape = [int(part) for part in pairs["shape"].split("x")]
    moved = 2 * math.prod(shape) * SIZES[pairs["dtype"]]
    median = (moved / 4e12 * 1e9 + 1500) * options.factor * (2.0 if pairs.get("variant") == "scalar" else 1.0)
    noisy = pairs.get("variant") == options.noisy_variant
    median *= math.exp(rng.gauss(0.0, 0.2 if noisy else options.process_noise))
    dropped = options.clock_drop_in_round and options.round == options.clock_drop_in_round
    clock = 1_600_000_000 if dropped else 1_980_000_000
    median *= 1.98 / 1.6 if dropped else 1.0
    wrong = options.tolerance_abs == 0
    attributes = {name: value for name, value in pairs.items() if name not in ("op", "shape", "dtype")}
    return {
        "label": label,
        "op": pairs["op"],
        "shape": shape,
        "dtype": pairs["dtype"],
        "attributes": attributes,
        "launch": {
            "kernel": f"{pairs['op']}_{pairs.get('variant', 'scalar')}_kernel",
            "grid": [shape[0], 1, 1],
            "block": [int(pairs.get("block", 256)), 1, 1],
            "dynamic_shared_memory_bytes": 0,
        },
        "status": "wrong_output" if wrong else "ok",
        "reason": "max_abs_error 1e-7 > 0" if wrong else None,
        "bytes_per_iteration": moved,
        "measure": "launched" if options.round == options.launched_in_round else "isolated",
        "verification": None,
        "clock": "cuda_event",
        "cache": options.cache_mode,
        "launch_mode": "plain",
        "streams": 1,
        "threads": 1,
        "warmup_count": 3,
        "sm_clock_before_hz": clock,
        "sm_clock_after_hz": clock,
        "samples_ns": [] if wrong else [round(median * math.exp(rng.gauss(0, 0.003))) for _ in range(options.iterations)],
    }


def main() -> int:
    options = parse()
    if options.crash:
        os.abort()
    rng = random.Random("/".join(options.json.parts[-2:]))  # noise of its own for each round and side
    points = [point(label, options, rng) for label in labels(options)]
    document = {
        "schema": "profiler-result",
        "schema_version": 1,
        "program": {"name": "simulated-driver", "version": "1"},
        "engine": "direct",
        "device": {
            "name": "Simulated GPU",
            "uuid": "GPU-0",
            "compute_capability": "9.0",
            "sm_count": 132,
            "sm_clock_hz": 1980000000,
            "max_threads_per_sm": 2048,
            "max_blocks_per_sm": 32,
            "registers_per_sm": 65536,
            "shared_memory_per_sm_bytes": 233472,
        },
        "versions": {"driver": "13.0", "cuda_runtime": "13.0", "tensorrt": None},
        "digests": {},
        "argv": sys.argv,
        "points": points,
    }
    options.json.write_text(json.dumps(document))
    return 7 if any(item["status"] == "wrong_output" for item in points) else 0


if __name__ == "__main__":
    sys.exit(main())
