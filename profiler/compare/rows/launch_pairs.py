"""Which profiled launches of two recordings stand against each other when grid, block or kernel name differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from profiler.kernel_names import base_function

_BY_ORDER = "order"
_PASSES: tuple[tuple[str, Callable[[Mapping[str, Any]], str]], ...] = (
    ("order and kernel", lambda row: str(row["kernel"])),
    ("order and function, template arguments aside", lambda row: base_function(str(row["kernel"]))),
    (_BY_ORDER, lambda row: ""),
)
_NAMED = ("kernel", "grid", "block")


def partners(base: Mapping[str, Mapping[str, Any]], candidate: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Pair what has no row of the same name: by order within a kernel, then within a function, then by order alone.

    Order alone decides only where both sides have as many rows left.

    Args:
        base: Rows by name, in the order in which they were launched; each with kernel, grid and block.
        candidate: The same of the candidate.

    Returns:
        Name of the candidate's row to that of the base's, and how they were paired.
    """
    open_base = [name for name in base if name not in candidate]
    open_candidate = [name for name in candidate if name not in base]
    found: dict[str, tuple[str, str]] = {}
    for how, key in _PASSES:
        if how == _BY_ORDER and len(open_base) != len(open_candidate):
            break
        for value in dict.fromkeys(key(base[name]) for name in open_base):
            mine = [name for name in open_base if key(base[name]) == value]
            theirs = [name for name in open_candidate if key(candidate[name]) == value]
            for ours, other in zip(mine, theirs, strict=False):
                found[other] = (ours, f"{how}; {_difference(base[ours], candidate[other])}")
        paired = {ours for ours, _ in found.values()}
        open_base = [name for name in open_base if name not in paired]
        open_candidate = [name for name in open_candidate if name not in found]
    return found


def _difference(base: Mapping[str, Any], candidate: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {base[name]} → {candidate[name]}" for name in _NAMED if base[name] != candidate[name])
