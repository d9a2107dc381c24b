"""The only conversion factors and number formats of the project."""

from __future__ import annotations

import math

NS_PER_US = 1_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
BYTES_PER_KIB = 1024

_TIME_STEPS = ((NS_PER_S, "s"), (NS_PER_MS, "ms"), (NS_PER_US, "µs"))
_SI_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_IEC_STEPS = ((1024**4, "TiB"), (1024**3, "GiB"), (1024**2, "MiB"), (1024, "KiB"))

MISSING = "–"


def _missing(value: float | None) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def format_ns(value: float | None) -> str:
    """Format a duration given in ns with the unit that keeps three to four digits."""
    if _missing(value):
        return MISSING
    for factor, unit in _TIME_STEPS:
        if abs(value) >= factor:
            return f"{value / factor:.4g} {unit}"
    return f"{value:.4g} ns"


def format_bytes(value: float | None) -> str:
    """Format a size given in bytes with binary prefixes."""
    if _missing(value):
        return MISSING
    for factor, unit in _IEC_STEPS:
        if abs(value) >= factor:
            return f"{value / factor:.4g} {unit}"
    return f"{value:.4g} B"


def format_si(value: float | None, unit: str = "") -> str:
    """Format a number with decimal prefixes, for rates and clocks (`GB/s`, `MHz`)."""
    if _missing(value):
        return MISSING
    for factor, prefix in _SI_STEPS:
        if abs(value) >= factor:
            return f"{value / factor:.4g} {prefix}{unit}"
    return f"{value:.4g} {unit}".rstrip()


def format_value(value: float | str | None, unit: str) -> str:
    """Format a value by the unit its MetricSpec states.

    Args:
        value: The number, or text, which passes through unchanged.
        unit: `ns`, `bytes`, `bytes/s`, `Hz`, `%`, `ratio`, `count` or any other unit text.
    """
    if isinstance(value, str):
        return value
    if _missing(value):
        return MISSING
    if unit == "ns":
        return format_ns(value)
    if unit == "bytes":
        return format_bytes(value)
    if unit == "bytes/s":
        return format_si(value, "B/s")
    if unit == "Hz":
        return format_si(value, "Hz")
    if unit == "%":
        return f"{value:.4g} %"
    if unit == "count":
        return f"{value:,.0f}".replace(",", "\u202f")
    return f"{value:.4g} {unit}".rstrip() if unit not in ("ratio", "") else f"{value:.4g}"


def format_percent(share: float | None) -> str:
    """Format a share of 1 as a percentage with up to three digits."""
    return MISSING if _missing(share) else f"{100 * share:.3g} %"
