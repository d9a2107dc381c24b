"""How a CSV page of ncu writes numbers: the machine's language sets the decimal sign and what stands between thousands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SPACES = " \u00a0\u202f\u2009'\u2019\ufffd"
"""Between thousands in some languages, never a decimal sign; the last stands for a byte that is no UTF-8."""


@dataclass(frozen=True)
class NumberFormat:
    """One way of writing numbers.

    Attributes:
        decimal: Decimal sign.
        thousands: The other sign, which may stand between thousands.
    """

    decimal: str
    thousands: str

    def pattern(self) -> re.Pattern[str]:
        """Return what a whole cell looks like in this format."""
        group = f"[{re.escape(self.thousands)}{_SPACES}]"
        digits = rf"(?:[1-9]\d{{0,2}}(?:(?P<group>{group})\d{{3}})(?:(?P=group)\d{{3}})*|\d+)"
        return re.compile(rf"[-+]?{digits}(?:{re.escape(self.decimal)}\d+)?(?:[eE][-+]?\d+)?")

    def plain(self, cell: str) -> str:
        """Return a cell as Python writes numbers."""
        for sign in (self.thousands, *_SPACES):
            cell = cell.replace(sign, "")
        return cell.replace(self.decimal, ".")


POINT = NumberFormat(".", ",")
COMMA = NumberFormat(",", ".")
_PATTERNS = {POINT: POINT.pattern(), COMMA: COMMA.pattern()}
_DIGITS = re.compile(r"[-+]?\d+(?:[eE][-+]?\d+)?")


class UndecidedError(ValueError):
    """The cells of a file fit both ways of writing numbers, or none for all of them."""


def decide(cells: Iterable[tuple[str, bool]]) -> tuple[NumberFormat, str]:
    """Find the one format in which every number of a file makes sense.

    Args:
        cells: Printed values, and whether a value counts something that has no fractions (ns, bytes, instructions).

    Returns:
        The format, and a cell that only this format explains; empty when all cells read alike in both.

    Raises:
        UndecidedError: Two cells need different formats, or nothing tells a decimal sign from a separator of thousands.
    """
    only: dict[NumberFormat, str] = {}
    open_question = ""
    for cell, is_whole in cells:
        if not cell or _DIGITS.fullmatch(cell):
            continue
        fits = [way for way, pattern in _PATTERNS.items() if _fits(way, pattern, cell, is_whole)]
        if len(fits) == 1:
            only.setdefault(fits[0], cell)
        elif len(fits) == 2 and POINT.plain(cell) != COMMA.plain(cell):
            open_question = open_question or cell
    if len(only) > 1:
        raise UndecidedError(f"{only[POINT]!r} and {only[COMMA]!r} are numbers of two languages")
    if not only and open_question:
        raise UndecidedError(f"{open_question!r} can mean two numbers, and no other value tells which")
    return next(iter(only.items()), (POINT, ""))


def _fits(way: NumberFormat, pattern: re.Pattern[str], cell: str, is_whole: bool) -> bool:
    # 117.344 ns are 117344 of them where the point stands between thousands: there is no third of one
    thousandth = is_whole and re.search(rf"{re.escape(way.decimal)}\d{{3}}$", cell)
    return bool(pattern.fullmatch(cell)) and not thousandth


def to_number(cell: str, way: NumberFormat) -> float | None:
    """Return what a cell says; None when it is no number."""
    text = cell.strip()
    try:
        return float(way.plain(text)) if _PATTERNS[way].fullmatch(text) else float(text)
    except ValueError:
        return None
