"""Sweeps: values, ranges, constraints, and the points they make."""

import pytest

from profiler.capture.sweep import Constraint, expand, parse_assignment, parse_values
from profiler.errors import UsageError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("256", [256]),
        ("a,b", ["a", "b"]),
        ("64:256:64", [64, 128, 192, 256]),
        ("64:1024:x2", [64, 128, 256, 512, 1024]),
        ("64:1000:x2", [64, 128, 256, 512]),
        ("64:250:*2", [64, 128]),
        ("1:3", [1, 2, 3]),
        ("32,64:256:x2,256", [32, 64, 128, 256]),
        ("0.5,1,1.0", [0.5, 1]),
        ("1,1.5,text", [1, 1.5, "text"]),
        ("7:7", [7]),
        ("-4:4:4", [-4, 0, 4]),
    ],
)
def test_values(text, values):
    assert parse_values(text) == values


@pytest.mark.parametrize(
    "text", ["64:32", "1:10:0", "1:10:-1", "1:10:x1", "0:10:x2", "a:b", "1:2:3:4", "1:2:x", "1,,2", "", "1:1e9", "0:1000000000"]
)
def test_bad_values_are_refused_with_an_example(text):
    with pytest.raises(UsageError) as caught:
        parse_values(text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["block", "=3", "block=", " = ", ""])
def test_bad_assignments_are_refused(text):
    with pytest.raises(UsageError, match="NAME=VALUE"):
        parse_assignment(text)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("block*items<=4096", True),
        ("block * items > 4096", False),
        ("block % 32 == 0 and items >= 4", True),
        ("not (block == 256)", False),
        ("variant == 'scalar' or block < 512", True),
        ("variant in ('scalar', 'vectorized')", True),
        ("variant not in ['scalar', 'vectorized']", False),
        ("64 <= block <= 256", True),
        ("64 <= block < 256", False),
        ("-block < 0", True),
        ("block // items == 64", True),
        ("block / items > 63.9", True),
    ],
)
def test_constraints(text, holds):
    assert Constraint(text).holds({"block": 256, "items": 4, "variant": "vectorized"}) is holds


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "block.__class__",
        "(lambda: 1)()",
        "[x for x in (1, 2)]",
        "block if block else 0",
        "f'{block}'",
        "block[0]",
        "2 ** 10 ** 10",
        "block << 100",
        "variant * 1000000000 == 1",
        "variant + variant == 'x'",
        "unknown > 1",
        "block < variant",
        "block // 0 == 1",
        "block :=",
        "a = 1",
        "block and",
        "1 if",
        "(" * 500,
        "b'x' == 1",
        "None == 1",
    ],
)
def test_nothing_but_arithmetic_and_comparison_is_understood(text):
    with pytest.raises(UsageError):
        Constraint(text).holds({"block": 256, "variant": "scalar"})


def test_every_combination_once_and_the_last_attribute_varies_fastest():
    points = expand("swish", ["4x8,16x8"], ["fp32", "fp16"], ["beta=2"], ["block=64:128:x2", "variant=scalar,vectorized"])
    assert len(points) == 16
    assert len({point.label for point in points}) == 16
    assert [point.label for point in points[:3]] == [
        "op=swish variant=scalar shape=4x8 dtype=fp32 block=64 beta=2",
        "op=swish variant=vectorized shape=4x8 dtype=fp32 block=64 beta=2",
        "op=swish variant=scalar shape=4x8 dtype=fp32 block=128 beta=2",
    ]


def test_repeated_set_is_a_sweep_and_doubles_are_dropped():
    points = expand("swish", ["8", "8"], ["fp32,fp32"], ["block=64", "block=128", "block=64"])
    assert [point.attributes["block"] for point in points] == [64, 128]


def test_constraints_see_attributes_elements_and_bytes():
    kept = expand("swish", ["8,1024"], ["fp16"], [], ["block=64,2048"], ["block <= elements", "bytes == 2 * elements"])
    assert [(point.shape, point.attributes["block"]) for point in kept] == [((1024,), 64)]


def test_a_sweep_without_options_is_one_point():
    assert [point.label for point in expand("swish", [], [])] == ["op=swish shape=4096x1024 dtype=fp32"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("swish", ["4x"], []), "shape"),
        (("swish", ["-4"], []), "shape"),
        (("swish", ["1x1x1x1x1x1x1x1x1"], []), "shape"),
        (("swish", [], ["fp64"]), "dtype"),
        (("swish", [], [], ["shape=4"]), "no attribute"),
        (("swish", [], [], [], ["block=1", "block=2"]), "twice"),
        (("swish", [], [], [], ["block=64"], ["block>64"]), "none of 1 points"),
        (("swish", [], [], [], ["a=1:1000", "b=1:1000"]), "1000000 points"),
    ],
)
def test_bad_sweeps_are_refused(arguments, text):
    with pytest.raises(UsageError, match=text):
        expand(*arguments)
