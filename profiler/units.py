"""The units that columns state, how each is shown, and the only conversion factors of the project."""

from __future__ import annotations

import math
from dataclasses import dataclass

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
BYTES_PER_KIB = 1024

MISSING = "–"
_THIN = "\u202f"
_GROUPED_FROM = 1_000
_EXACT_BELOW = 2**53


@dataclass(frozen=True)
class Unit:
    """One unit of the vocabulary.

    Attributes:
        name: As columns state it.
        suffix: How the name of a column in this unit ends.
        steps: Factor and label of the sizes that a value is shown in, largest first; the last one also holds smaller values.
        counts: Values are numbers of things: whole ones are shown with all digits, and fractions are not rounded away.
    """

    name: str
    suffix: str
    steps: tuple[tuple[float, str], ...]
    counts: bool = False


def _decimal(name: str, suffix: str, label: str) -> Unit:
    return Unit(name, suffix, ((1e12, f"T{label}"), (1e9, f"G{label}"), (1e6, f"M{label}"), (1e3, f"k{label}"), (1, label)))


def _things(name: str) -> Unit:
    return Unit(name, f"_{name}", ((1, ""),), counts=True)


UNITS: dict[str, Unit] = {
    unit.name: unit
    for unit in (
        Unit("ns", "_ns", ((NS_PER_S, "s"), (NS_PER_MS, "ms"), (NS_PER_US, "µs"), (1, "ns"))),
        # before `bytes` and `FLOP`: the longest suffix decides
        _decimal("bytes/s", "_bytes_per_s", "B/s"),
        _decimal("FLOP/s", "_flop_per_s", "FLOP/s"),
        Unit("FLOP/byte", "_flop_per_byte", ((1, "FLOP/B"),)),
        Unit("bytes", "_bytes", ((1024**4, "TiB"), (1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"), (1, "B"))),
        _decimal("FLOP", "_flop", "FLOP"),
        _decimal("Hz", "_hz", "Hz"),
        Unit("%", "_pct", ((1, "%"),)),
        Unit("ratio", "_ratio", ((1, ""),)),
        *map(_things, ("count", "blocks", "branches", "cycles", "instructions", "operations")),
        *map(_things, ("registers", "sectors", "threads", "warps", "waves")),
    )
}
"""Every unit, by name."""

_COUNTED = ("iterations", "launches", "samples")
"""Columns of counts whose names are what is counted."""


def unit_of(name: str) -> str:
    """Return the unit that a column name states, empty when it states none."""
    if name in _COUNTED:
        return "count"
    return next((unit.name for unit in UNITS.values() if f"_{name}".endswith(unit.suffix)), "")


def format_value(value: float | str | None, unit: str) -> str:
    """Format a value by its unit, with four significant digits or more.

    Args:
        value: The number; text passes through unchanged.
        unit: Name in `UNITS`; any other text stands behind the number as it is.
    """
    if isinstance(value, str):
        return value
    if value is None or not math.isfinite(value):
        return MISSING
    known = UNITS.get(unit)
    steps = known.steps if known else ((1, unit),)
    factor, label = next((step for step in steps if abs(value) >= step[0]), steps[-1])
    if known is None or known.counts:
        return f"{_number(value, _THIN if known else '')} {label}".rstrip()
    return f"{value / factor:.4g} {label}".rstrip()


def _number(value: float, separator: str) -> str:
    """Write a number of things: a whole one with every digit, a fraction with four digits at least."""
    whole = value == round(value) and abs(value) < _EXACT_BELOW
    return f"{value:,.0f}".replace(",", separator) if whole or abs(value) >= _GROUPED_FROM else f"{value:.4g}"


def format_ns(value: float | None) -> str:
    """Format a duration given in ns."""
    return format_value(value, "ns")


def format_bytes(value: float | None) -> str:
    """Format a size given in bytes, with binary prefixes."""
    return format_value(value, "bytes")


def format_percent(share: float | None) -> str:
    """Format a share of 1 as a percentage with up to three digits."""
    return MISSING if share is None or not math.isfinite(share) else f"{100 * share:.3g} %"
