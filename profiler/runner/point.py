"""One sweep point: an op, a shape, an element type and the launch attributes; and how it travels between processes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from profiler.errors import UsageError
from profiler.point_label import encode_label

DTYPES = {"fp32": 4, "fp16": 2, "bf16": 2}


def parse_shape(text: str) -> tuple[int, ...]:
    """Read `65536x1024`.

    Raises:
        UsageError: A dimension is no whole number, or there are none or more than eight.
    """
    parts = text.lower().split("x")
    if not all(part.isdecimal() for part in parts) or len(parts) > 8:
        raise UsageError(f"shape {text!r}: expected up to eight whole numbers joined by x", "example: --shape 65536x1024")
    return tuple(int(part) for part in parts)


def parse_dtype(text: str) -> str:
    """Check the name of an element type.

    Raises:
        UsageError: The name is unknown.
    """
    if text not in DTYPES:
        raise UsageError(f"dtype {text!r} is unknown", f"known: {', '.join(DTYPES)}")
    return text


@dataclass(frozen=True)
class Point:
    """One configuration to be measured.

    Attributes:
        op: Name of the operation.
        shape: Shape of its input.
        dtype: `fp32`, `fp16` or `bf16`.
        attributes: Launch and op attributes in the order given.
    """

    op: str
    shape: tuple[int, ...] = ()
    dtype: str = "fp32"
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The key by which all tools' data of this point are joined."""
        return encode_label({"op": self.op, "shape": self.shape or None, "dtype": self.dtype, **self.attributes})

    @property
    def element_count(self) -> int:
        """Elements of the input."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of the input."""
        return self.element_count * DTYPES[self.dtype]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"op": self.op, "shape": list(self.shape), "dtype": self.dtype, "attributes": dict(self.attributes)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Point:
        """Build a point from its JSON form.

        Raises:
            UsageError: A field is absent or has the wrong type.
        """
        try:
            shape = tuple(int(size) for size in data["shape"])
            return cls(str(data["op"]), shape, parse_dtype(data["dtype"]), dict(data.get("attributes", {})))
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"not a sweep point: {data!r} ({error})", "expected op, shape, dtype, attributes") from error


def write_points(path: Path, points: list[Point]) -> None:
    """Write points, one JSON document for the runner and the driver alike."""
    document = {"schema": "profiler-points", "schema_version": 1, "points": [point.to_dict() for point in points]}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")


def read_points(path: Path) -> list[Point]:
    """Read what `write_points` wrote.

    Raises:
        UsageError: The file is absent or holds something else.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return [Point.from_dict(item) for item in document["points"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a file of sweep points ({error})", "write it with profiler run --dry-run") from error
