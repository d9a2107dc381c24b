"""From what a user writes about a sweep to its points: lists, ranges, geometric ranges and constraints."""

from __future__ import annotations

import ast
import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from profiler.errors import UsageError
from profiler.runner.option import described, option
from profiler.runner.point import Point, parse_dtype, parse_number, parse_shape, read_points
from profiler.runner.settings import MeasureSettings

MAX_POINTS = 100_000
DEFAULT_OP = "swish"
DEFAULT_SHAPE = "4096x1024"
SETUP_SECONDS = 1.0

Value = int | float | str
Texts = Sequence[str]
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: lambda item, container: item in container,
    ast.NotIn: lambda item, container: item not in container,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
}


def _range_values(text: str) -> list[Value]:
    parts = text.split(":")
    if len(parts) not in (2, 3):
        raise UsageError(f"range {text!r}: expected start:stop[:step]", "examples: 64:1024:64, 64:1024:x2")
    step_text = parts[2] if len(parts) == 3 else "1"
    geometric = step_text.startswith(("x", "*"))
    try:
        start, stop, step = int(parts[0]), int(parts[1]), int(step_text[1:] if geometric else step_text)
    except ValueError as error:
        raise UsageError(f"range {text!r}: not whole numbers", "examples: 64:1024:64, 64:1024:x2") from error
    if start > stop or (geometric and (step < 2 or start < 1)) or (not geometric and step < 1):
        raise UsageError(f"range {text!r} does not go up", "examples: 64:1024:64, 64:1024:x2")
    rising = (start * step**power for power in itertools.count()) if geometric else itertools.count(start, step)
    values = list(itertools.islice(itertools.takewhile(lambda value: value <= stop, rising), MAX_POINTS + 1))
    if len(values) > MAX_POINTS:
        raise UsageError(f"range {text!r} has more than {MAX_POINTS} values", "take a larger step")
    return [*values]


def parse_values(text: str) -> list[Value]:
    """Read the values of one axis: `a,b`, `64:1024:64`, `64:1024:x2`, and these joined by commas; doubles are dropped."""
    values: list[Value] = []
    for part in map(str.strip, text.split(",")):
        if not part:
            raise UsageError(f"empty value in {text!r}", "join values by single commas")
        values += _range_values(part) if ":" in part else [parse_number(part)]
    return list(dict.fromkeys(values))


def parse_assignment(text: str) -> tuple[str, str]:
    """Split `name=text`.

    Raises:
        UsageError: There is no name or no `=`.
    """
    name, separator, value = text.partition("=")
    if not separator or not name.strip() or not value.strip():
        raise UsageError(f"{text!r}: expected NAME=VALUE", "examples: --set block=256, --sweep block=64:1024:x2")
    return name.strip(), value.strip()


class Constraint:
    """A condition on the values of a point, such as `block*items<=4096`.

    Only names, numbers, text, lists, arithmetic, comparisons, `and`, `or` and `not` are understood; nothing is executed.

    Args:
        text: The condition.

    Raises:
        UsageError: It holds anything else.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            self._tree = ast.parse(text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise UsageError(f"constraint {text!r} cannot be read", "example: block*items<=4096") from error
        self.names = frozenset(node.id for node in ast.walk(self._tree) if isinstance(node, ast.Name))

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Return whether a point with these values is kept.

        Raises:
            UsageError: A name is unknown or the values do not fit the operators.
        """
        try:
            return bool(self._value(self._tree, values))
        except (TypeError, ZeroDivisionError, OverflowError) as error:
            raise UsageError(f"constraint {self.text!r} fails for {dict(values)}: {error}", "compare like with like") from error

    def _value(self, node: ast.AST, values: Mapping[str, Any]) -> Any:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float, str)):
            return node.value
        if isinstance(node, ast.Name):
            if node.id not in values:
                raise UsageError(f"constraint {self.text!r}: {node.id!r} is no attribute", f"known: {', '.join(values)}")
            return values[node.id]
        if isinstance(node, (ast.Tuple, ast.List)):
            return [self._value(item, values) for item in node.elts]
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            left, right = self._value(node.left, values), self._value(node.right, values)
            if any(isinstance(side, (str, list)) for side in (left, right)):
                raise UsageError(f"constraint {self.text!r}: arithmetic on text", "arithmetic needs numbers")
            return _OPERATORS[type(node.op)](left, right)
        if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](self._value(node.operand, values))
        if isinstance(node, ast.BoolOp):
            decide = all if isinstance(node.op, ast.And) else any
            return decide(self._value(item, values) for item in node.values)
        if isinstance(node, ast.Compare) and all(type(op) in _OPERATORS for op in node.ops):
            sides = pairwise(self._value(item, values) for item in (node.left, *node.comparators))
            return all(_OPERATORS[type(op)](*pair) for op, pair in zip(node.ops, sides, strict=True))
        raise UsageError(f"constraint {self.text!r}: {type(node).__name__} is not allowed", "example: block*items<=4096")


def _split(items: Sequence[str]) -> list[str]:
    return [part.strip() for item in items for part in item.split(",") if part.strip()]


def _axes(sets: Sequence[str], sweeps: Sequence[str]) -> dict[str, list[Value]]:
    axes: dict[str, list[Value]] = {}
    for text, fixed in [*((text, True) for text in sets), *((text, False) for text in sweeps)]:
        name, value = parse_assignment(text)
        if name in ("op", "shape", "dtype"):
            raise UsageError(f"{name!r} is no attribute", f"use --{'plugin' if name == 'op' else name}")
        if name in axes and not fixed:
            raise UsageError(f"{name!r} is given twice", "join its values by commas: --sweep block=64,128")
        axes[name] = [*axes.get(name, []), *([parse_number(value)] if fixed else parse_values(value))]
    return {name: list(dict.fromkeys(values)) for name, values in axes.items()}


@dataclass(frozen=True)
class Axes:
    """What a user writes about the points of a sweep: every combination that keeps all constraints.

    Attributes:
        op: Name of the op.
        shapes: Shapes, each `AxB`.
        dtypes: Element types.
        sweeps: `name=values`.
        sets: `name=value`; a name that repeats is swept over its values.
        constraints: Conditions over attributes, `elements` and `bytes` of the input.
        points_file: File of points, in place of all that.
    """

    op: str = option(DEFAULT_OP, "Op to run.", "--plugin")
    shapes: tuple[str, ...] = option((), "Shape of the input, 65536x1024; repeat or join by comma.", "--shape", "words")
    dtypes: tuple[str, ...] = option((), "fp32, fp16, bf16; repeat or join by comma.", "--dtype", "words")
    sweeps: tuple[str, ...] = option((), "Vary an attribute: a,b  64:1024:64  64:1024:x2", "--sweep", "list")
    sets: tuple[str, ...] = option((), "Fix an attribute: NAME=VALUE.", "--set", "list")
    constraints: tuple[str, ...] = option((), "Keep points where it holds: 'block*items<=4096'.", "--constraint", "list")
    points_file: str = option("", "File of points, one label a line, in place of the above.", "--points")

    def points(self) -> list[Point]:
        """Return the points; the last attribute varies fastest, and no label occurs twice.

        Raises:
            UsageError: Something cannot be read, no point is left, or there are more than 100 000.
        """
        if not self.points_file:
            return expand(self.op, self.shapes, self.dtypes, self.sets, self.sweeps, self.constraints)
        given = [item.flags for item in described(Axes) if getattr(self, item.field) != getattr(Axes(), item.field)]
        if len(given) > 1:
            raise UsageError(f"{', '.join(given)}: the file states the whole sweep", "give --points, or the others")
        return read_points(Path(self.points_file))


def expand(op: str, shapes: Texts, dtypes: Texts, sets: Texts = (), sweeps: Texts = (), constraints: Texts = ()) -> list[Point]:
    """Make the points of a sweep: every combination that keeps all constraints.

    Args:
        op: Name of the op.
        shapes: Shapes, each `AxB`, or several joined by commas.
        dtypes: Element types, likewise.
        sets: `name=value`; a name that repeats is swept over its values.
        sweeps: `name=values`.
        constraints: Conditions over attributes, `elements` and `bytes` of the input.

    Returns:
        The points; the last attribute varies fastest. No label occurs twice.

    Raises:
        UsageError: Something cannot be read, no point is left, or there are more than 100 000.
    """
    axes = _axes(sets, sweeps)
    rules = [Constraint(text) for text in constraints]
    parsed_shapes = list(dict.fromkeys(parse_shape(text) for text in _split(shapes) or [DEFAULT_SHAPE]))
    parsed_dtypes = list(dict.fromkeys(parse_dtype(text) for text in _split(dtypes) or ["fp32"]))
    total = len(parsed_shapes) * len(parsed_dtypes) * math.prod(len(values) for values in axes.values())
    if total > MAX_POINTS:
        raise UsageError(f"the sweep has {total} points, at most {MAX_POINTS} are allowed", "take fewer values")
    grid = itertools.product(parsed_shapes, parsed_dtypes, itertools.product(*axes.values()))
    points = [Point(op, shape, dtype, dict(zip(axes, values, strict=True))) for shape, dtype, values in grid]
    kept = [point for point in points if all(rule.holds(_names(point)) for rule in rules)]
    if not kept:
        raise UsageError(f"none of {len(points)} points keeps the constraints {', '.join(constraints)}", "loosen them")
    return list({point.label: point for point in kept}.values())


def _names(point: Point) -> dict[str, Any]:
    return {"op": point.op, "dtype": point.dtype, "elements": point.element_count, "bytes": point.size_bytes, **point.attributes}


def longest_seconds(points: int, settings: MeasureSettings, passes: int = 1) -> float:
    """Estimate how long a sweep takes at most, in s: every point to its time limit, and a little for its set-up.

    Args:
        points: Number of points.
        settings: How they are measured.
        passes: Number of tools.
    """
    return points * passes * float(settings.max_time + SETUP_SECONDS)
