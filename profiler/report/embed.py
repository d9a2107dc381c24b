"""Data inside a page: JSON that cannot end its script element, and numeric columns as compressed bytes."""

from __future__ import annotations

import base64
import json
import math
import zlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

_LOW_BITS = 32
_COMPRESSION_LEVEL = 1  # level 6 saves 8 % of the bytes and takes four times as long


def json_text(value: Any) -> str:
    """Return JSON that is safe inside a script element.

    Every `<` is written as an escape, so no `</script>` or `<!--` can appear. NaN and infinity become null, as JSON has neither.

    Args:
        value: Dicts, lists, strings, numbers, bools, None; NumPy scalars are taken too.
    """
    text = json.dumps(_clean(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value
    if hasattr(value, "tolist"):
        return _clean(value.tolist())
    return str(value)


def pack_integers(values: np.ndarray) -> dict[str, Any]:
    """Pack whole numbers, exactly, up to 48 bits and a sign-free range.

    The low 32 and the high 16 bits go into streams of their own: the high ones are nearly always zero and compress to nothing.

    Args:
        values: Non-negative integers below 2**48, any integer dtype.

    Returns:
        `{"n", "lo", "hi"}`: count, and deflated little-endian uint32 and uint16 arrays in base64; `hi` is null when all zero.

    Raises:
        ValueError: A value is negative or does not fit.
    """
    import numpy as np

    wide = np.ascontiguousarray(values, dtype=np.int64)
    if wide.size and (int(wide.min()) < 0 or int(wide.max()) >> 48):
        raise ValueError(f"values from {wide.min()} to {wide.max()} do not fit 48 bits")
    high = (wide >> _LOW_BITS).astype("<u2")
    low = (wide & 0xFFFFFFFF).astype("<u4")
    return {"n": int(wide.size), "lo": _deflate(_byte_planes(low)), "hi": _deflate(high) if high.any() else None}


def _byte_planes(values: np.ndarray) -> np.ndarray:
    """Return all first bytes, then all second bytes, …: like bytes stand together and compress far better."""
    import numpy as np

    return np.ascontiguousarray(values.view(np.uint8).reshape(-1, values.dtype.itemsize).T)


def _deflate(values: np.ndarray) -> str:
    return base64.b64encode(zlib.compress(values.tobytes(), _COMPRESSION_LEVEL)).decode("ascii")


def pack_column(series: pd.Series) -> list[Any] | dict[str, Any]:
    """Return a column for a table: numbers as a list with null for missing, text as a dictionary with codes.

    Args:
        series: One column of any dtype.

    Returns:
        A list of numbers and nulls, or `{"dict": [...], "codes": [...]}` with code -1 for missing.
    """
    import pandas as pd

    if pd.api.types.is_bool_dtype(series.dtype):
        return pack_column(series.map({True: "yes", False: "no"}))
    if pd.api.types.is_integer_dtype(series.dtype) and not series.isna().any():
        whole: list[Any] = series.to_numpy(dtype="int64").tolist()
        return whole
    if pd.api.types.is_numeric_dtype(series.dtype):
        numbers = series.to_numpy(dtype="float64", na_value=math.nan).tolist()
        return [None if not math.isfinite(value) else _shortest(value) for value in numbers]
    codes, values = pd.factorize(series.astype(object))
    return {"dict": [value if isinstance(value, str) else str(value) for value in values], "codes": codes.tolist()}


def _shortest(value: float) -> float | int:
    return int(value) if value.is_integer() and abs(value) < 2**53 else value
