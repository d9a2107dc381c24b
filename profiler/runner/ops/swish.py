"""swish: y = x * sigmoid(beta * x)."""

from __future__ import annotations

import numpy as np

from profiler.runner.ops.base import Parameters, ReferenceOp


def _exact(values: np.ndarray, parameters: Parameters) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return values / (1.0 + np.exp(-float(np.float32(parameters["beta"])) * values))


def _compute(source: np.ndarray, target: np.ndarray, parameters: Parameters) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        np.multiply(source, np.float32(-parameters["beta"]), out=target)
        np.exp(target, out=target)
        np.add(target, np.float32(1), out=target)
        np.divide(source, target, out=target)


def _tolerance(parameters: Parameters, dtype: str) -> tuple[float, float]:
    absolute = 1e-7 / max(abs(parameters["beta"]), 5e-3)
    return max(absolute, 2.0**-24 if dtype == "fp16" else 0.0), {"fp32": 1e-6, "fp16": 2.0**-10, "bf16": 2.0**-7}[dtype]


OP = ReferenceOp("swish", "ProfilerSwish", _exact, _compute, _tolerance, {"beta": 1.0})
