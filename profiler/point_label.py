"""The label of a sweep point: the one-line text by which every tool's data of one launch configuration are joined.

`cpp_driver/include/profiler/point_label.hpp` builds the same labels; the golden cases of `tests/contracts/point_labels.json`
hold both to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

RESERVED_KEYS = ("op", "variant", "shape", "dtype", "block")

_UNSAFE = re.compile(r"[\x00-\x20\x7f=%/]")
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")


def _encode(text: str) -> str:
    return _UNSAFE.sub(lambda match: f"%{ord(match.group()):02X}", text)


def _decode(text: str) -> str:
    return _ENCODED.sub(lambda match: chr(int(match.group(1), 16)), text)


def label_value(value: Any) -> str:
    """Write one value of a label: reals with up to nine digits, truth values in lower case, shapes joined by `x`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, (list, tuple)):
        return "x".join(str(item) for item in value)
    return str(value)


def encode_label(pairs: Mapping[str, Any]) -> str:
    """Join the pairs of a launch configuration to its label.

    Args:
        pairs: Key to value. Reserved keys move to the front, the others keep their order; a value of None is left out.

    Returns:
        `op=swish variant=vectorized shape=65536x1024 dtype=fp32 block=256 …`
    """
    known = {key: value for key, value in pairs.items() if value is not None}
    first = [key for key in RESERVED_KEYS if key in known]
    rest = [key for key in known if key not in RESERVED_KEYS]
    return " ".join(f"{_encode(key)}={_encode(label_value(known[key]))}" for key in [*first, *rest])


def decode_label(label: str) -> dict[str, str]:
    """Split a label into its pairs; words without `=` are no pairs and are passed over."""
    pairs = (word.partition("=") for word in label.split(" "))
    return {_decode(key): _decode(value) for key, separator, value in pairs if separator}


def label_in_words(label: str) -> str:
    """Return a label in words: `op=swish dtype=fp32 block=64` gives `swish fp32 block 64`."""
    return in_words(decode_label(label))


def in_words(parts: Mapping[str, str]) -> str:
    """Return pairs of a label in words; values of the reserved keys but `block` tell what they are."""
    return " ".join(value if key in ("", *RESERVED_KEYS[:4]) else f"{key} {value}" for key, value in parts.items())
