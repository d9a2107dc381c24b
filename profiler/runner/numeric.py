"""Element types in NumPy: float32 and float16 as they are, bfloat16 as its upper 16 bits; and their exact conversions."""

from __future__ import annotations

from typing import Any

import numpy as np

STORAGE: dict[str, np.dtype[Any]] = {"fp32": np.dtype(np.float32), "fp16": np.dtype(np.float16), "bf16": np.dtype(np.uint16)}


def to_float32(stored: np.ndarray, dtype: str) -> np.ndarray:
    """Widen stored elements to float32; exact."""
    if dtype == "bf16":
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return stored.astype(np.float32, copy=False)


def from_float32(values: np.ndarray, dtype: str) -> np.ndarray:
    """Round float32 values once, to nearest even, to stored elements."""
    if dtype != "bf16":
        with np.errstate(over="ignore"):
            return values.astype(STORAGE[dtype], copy=False)
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = (bits + (0x7FFF + ((bits >> 16) & 1))) >> 16
    return np.where(np.isnan(values), 0x7FC0, rounded).astype(np.uint16)


def to_float64(stored: np.ndarray, dtype: str) -> np.ndarray:
    """Widen stored elements to float64; exact."""
    return to_float32(stored, dtype).astype(np.float64)


def round_to(values: np.ndarray, dtype: str) -> np.ndarray:
    """Return the nearest values that the type can hold, as float64: what a correctly rounded result looks like."""
    with np.errstate(over="ignore"):
        if dtype == "bf16":
            return to_float64(from_float32(values.astype(np.float32), dtype), dtype)
        return values.astype(STORAGE[dtype]).astype(np.float64)
