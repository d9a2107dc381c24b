"""One sweep point: an op, a shape, an element type and the launch attributes; and how it travels between processes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from profiler.errors import UsageError
from profiler.point_label import decode_label, encode_label

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


_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_COMMENT = re.compile(r"(^|[ \t])#.*")


def parse_number(text: str) -> int | float | str:
    """Read one value: a number in the spelling of JSON that Python keeps as it is, or text.

    What would change on the way stays text: `007`, `1_0`, `12e4567` (beyond float64), whole numbers beyond 64 bits.
    """
    match = _NUMBER.fullmatch(text)
    if not match:
        return text
    if not (match[2] or match[3]):
        whole = int(text)
        return whole if str(whole) == text and abs(whole) < 1 << 63 else text
    real = float(text)
    lost = math.isinf(real) or (real == 0 and re.search("[1-9]", text.lower().partition("e")[0]) is not None)
    return text if lost else real


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


def point_of_label(label: str) -> Point:
    """Build a point from its label, the form in which the driver reads points too.

    Raises:
        UsageError: There is no op, or shape or type cannot be read.
    """
    pairs = decode_label(label)
    if not pairs.get("op"):
        raise UsageError(f"point {label!r} names no op", "example: op=swish shape=65536x1024 dtype=fp32 block=256")
    shape = parse_shape(pairs["shape"]) if "shape" in pairs else ()
    rest = {name: parse_number(text) for name, text in pairs.items() if name not in ("op", "shape", "dtype")}
    return Point(pairs["op"], shape, parse_dtype(pairs.get("dtype", "fp32")), rest)


def read_points(path: Path) -> list[Point]:
    """Read sweep points: a document of points, or one label a line; `#` at a line's start or behind a blank begins a comment.

    Raises:
        UsageError: The file is absent or holds something else, no point, or one point twice.
    """
    hint = "one a line: op=swish shape=4096x1024 block=256"
    try:
        text = path.read_text(encoding="utf-8")
        if text.lstrip().startswith("{"):
            points = [Point.from_dict(item) for item in json.loads(text)["points"]]
        else:
            lines = (_COMMENT.sub("", line).strip() for line in text.splitlines())
            points = [point_of_label(line) for line in lines if line]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a file of sweep points ({error})", hint) from error
    labels = [point.label for point in points]
    double = next((label for label in labels if labels.count(label) > 1), "") if len(set(labels)) < len(labels) else ""
    if double or not points:
        raise UsageError(f"{path}: holds {'the point ' + double + ' twice' if double else 'no sweep point'}", hint)
    return points
