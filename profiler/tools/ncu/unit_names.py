"""Unit texts of Nsight Compute, of every version and print mode, and the factors to this project's base units."""

from __future__ import annotations

from functools import lru_cache

from profiler.units import NS_PER_MS, NS_PER_S, NS_PER_US

_TIME_PREFIXES = {"": NS_PER_S, "m": NS_PER_MS, **dict.fromkeys("uµμ", NS_PER_US), "n": 1}
_SECOND_WORDS = ("s", "sec", "second", "seconds")
_TIMES_NS = {prefix + word: factor for prefix, factor in _TIME_PREFIXES.items() for word in _SECOND_WORDS}
_PREFIXES = {"Ki": 1024.0, "Mi": 1024.0**2, "Gi": 1024.0**3, "K": 1e3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15}
_SPELLINGS = {
    **dict.fromkeys(("bytes", "Byte", "Bytes", "B"), "byte"),
    "sectors": "sector",
    "threads": "thread",
    "cycle/s": "hz",
    "Hz": "hz",
    "percent": "%",
}
_SCALED = ("byte", "bytes", "B", "hz", "Hz", "inst", "cycle", "cycles", "sector", "sectors", "thread", "threads", "warp", "block")


def _quantity(text: str) -> tuple[str, float]:
    """Split a decimal prefix from a unit word: `Gbyte` is (`byte`, 1e9); `SM` and `%` have none."""
    if text in _TIMES_NS:
        return "ns", _TIMES_NS[text]
    for prefix, factor in _PREFIXES.items():
        rest = text.removeprefix(prefix)
        if rest != text and (rest in _SCALED or (len(prefix) == 1 and prefix != "k" and rest[:1].islower())):
            return rest, factor
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
