"""add_scalar: y = x + scalar."""

from __future__ import annotations

import numpy as np

from profiler.runner.ops.base import Parameters, ReferenceOp


def _exact(values: np.ndarray, parameters: Parameters) -> np.ndarray:
    return values + float(np.float32(parameters["scalar"]))


def _compute(source: np.ndarray, target: np.ndarray, parameters: Parameters) -> None:
    np.add(source, np.float32(parameters["scalar"]), out=target)


def _tolerance(parameters: Parameters, dtype: str) -> tuple[float, float]:
    return {"fp32": (0.0, 0.0), "fp16": (2.0**-24, 2.0**-10), "bf16": (0.0, 2.0**-7)}[dtype]


OP = ReferenceOp("add_scalar", "ProfilerAddScalar", _exact, _compute, _tolerance, {"scalar": 1.0})
