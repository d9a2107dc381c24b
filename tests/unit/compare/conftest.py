"""Result documents and commands with times of known truth."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from profiler.compare.rows.row import Row
from profiler.compare.rows.summaries import summarise
from profiler.point_label import decode_label

DRIVER = Path(__file__).with_name("simulated_driver.py")


def samples(median: float, count: int = 50, spread: float = 0.002, seed: int = 0) -> list[int]:
    """Return whole ns around a median; the same seed gives the same noise."""
    noise = np.random.default_rng(seed).standard_normal(count)
    return np.rint(median * np.exp(spread * noise)).astype(int).tolist()


def row(label: str, values: Sequence[float] | None, **more: Any) -> Row:
    """Return a row with one process's samples."""
    return Row(
        label,
        decode_label(label),
        [summarise(None if values is None else np.array(values, dtype=float), more.pop("status", "ok"))],
        **more,
    )


@pytest.fixture
def driver() -> Callable[..., tuple[str, ...]]:
    """Return the command line of the simulated driver with options."""
    return lambda *options: (sys.executable, str(DRIVER), *options)


@pytest.fixture
def write_result(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a result document: label to samples, or to a whole point record."""

    def write(name: str, points: Mapping[str, Any], **document: Any) -> Path:
        records = []
        for label, value in points.items():
            value = value if isinstance(value, dict) else {"samples_ns": value}
            # no two processes measure the same in one order
            shift = len(value.get("samples_ns") or ()) and zlib.crc32(name.encode()) % len(value["samples_ns"])
            value = value | {"samples_ns": [*value["samples_ns"][shift:], *value["samples_ns"][:shift]]} if shift else value
            point = {"label": label, "status": "ok", "clock": "cuda_event", "cache": "cold", "launch_mode": "plain"}
            records.append(point | value)
        device = {
            "name": "Simulated GPU",
            "uuid": "GPU-0",
            "compute_capability": "9.0",
            "sm_count": 132,
            "sm_clock_hz": 1980000000,
            "max_threads_per_sm": 2048,
            "max_blocks_per_sm": 32,
            "registers_per_sm": 65536,
            "shared_memory_per_sm_bytes": 233472,
        } | document.pop("device", {})
        whole = {
            "schema": "profiler-result",
            "schema_version": 1,
            "program": {"name": "profiler-driver", "version": "1"},
            "engine": "direct",
            "device": device,
            "versions": {"driver": "13.0"},
            "points": records,
        } | document
        path = tmp_path / name
        path.write_text(json.dumps(whole))
        return path

    return write
