"""Unit texts of Nsight Compute, of every version and print mode, and the factors to this project's base units."""

from __future__ import annotations

from functools import lru_cache

from profiler.units import NS_PER_MS, NS_PER_S, NS_PER_US

_TIMES_NS = {
    "ns": 1, "nsecond": 1,
    "us": NS_PER_US, "usecond": NS_PER_US,
    "ms": NS_PER_MS, "msecond": NS_PER_MS,
    "s": NS_PER_S, "second": NS_PER_S, "sec": NS_PER_S,
}  # fmt: skip
_PREFIXES = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_SPELLINGS = {"bytes": "byte", "sectors": "sector", "threads": "thread", "cycle/s": "hz"}


def _quantity(text: str) -> tuple[str, float]:
    """Split a decimal prefix from a unit word: `Gbyte` is (`byte`, 1e9); `SM` and `%` have none."""
    if text in _TIMES_NS:
        return "ns", _TIMES_NS[text]
    if len(text) > 1 and text[0] in _PREFIXES and text[1].islower():
        return text[1:], _PREFIXES[text[0]]
    return text, 1.0


@lru_cache(maxsize=1024)
def base_unit(text: str) -> tuple[str, float]:
    """Return the base unit of a unit text and the factor that brings a value to it.

    Durations become ns, rates per second, sizes byte, clocks hz; a decimal prefix (`Kbyte` is 1000 bytes) goes into the
    factor.

    Args:
        text: As printed: `usecond`, `us`, `Kbyte/block`, `Gbyte/s`, `cycle/nsecond`, `Ghz`, `%`, or empty.

    Source: Nsight Compute CLI, option `--print-units`.
    """
    numerator, slash, denominator = text.strip().partition("/")
    unit, factor = _quantity(numerator)
    if slash:
        if denominator in _TIMES_NS:
            factor *= NS_PER_S / _TIMES_NS[denominator]
            denominator = "s"
        unit = f"{_SPELLINGS.get(unit, unit)}/{denominator}"
    return _SPELLINGS.get(unit, unit), factor
