"""The two programs that expand a sweep make the same points of the same words, in the same order."""

from __future__ import annotations

import subprocess

import pytest

from profiler.capture.artefacts import find_driver
from profiler.capture.sweep import Axes

DRIVER = find_driver()
CASES = [
    (
        {"shapes": ("4x8,16",), "dtypes": ("fp32", "fp16"), "sets": ("block=64", "block=128", "beta=0.50")},
        [
            f"op=swish shape={shape} dtype={dtype} block={block} beta=0.5"
            for shape in ("4x8", "16")
            for dtype in ("fp32", "fp16")
            for block in (64, 128)
        ],
    ),
    ({"op": "add_scalar", "shapes": ("7",), "sets": ("scalar=-2",)}, ["op=add_scalar shape=7 dtype=fp32 scalar=-2"]),
    (
        {"shapes": ("8",), "sets": ("variant=scalar", "variant=auto", "items=2")},
        ["op=swish variant=scalar shape=8 dtype=fp32 items=2", "op=swish variant=auto shape=8 dtype=fp32 items=2"],
    ),
]


@pytest.mark.parametrize(("given", "labels"), CASES)
def test_a_request_holds_the_points(given, labels) -> None:
    assert [point.label for point in Axes(**given).points()] == labels


@pytest.mark.skipif(DRIVER is None, reason="profiler-driver is not built")
@pytest.mark.parametrize(("given", "labels"), CASES)
def test_the_driver_runs_the_points(given, labels) -> None:
    names = {"shapes": "--shape", "dtypes": "--dtype", "sets": "--set"}
    words = [word for name, values in given.items() if name in names for value in values for word in (names[name], value)]
    argv = [str(DRIVER), "--direct", "--plugin", given.get("op", Axes.op), *words, "--dry-run"]
    printed = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    assert [line for line in printed.splitlines() if line.startswith("op=")] == labels
