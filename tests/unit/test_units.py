"""Values in their units, as every printed table shows them."""

import math

import pytest

from profiler.units import MISSING, UNITS, format_value, unit_of


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.144, "warps", "0.144"),
        (3.88, "waves", "3.88"),
        (1.5, "count", "1.5"),
        (-0.25, "count", "-0.25"),
        (0, "count", "0"),
        (12, "count", "12"),
        (1234567, "count", "1\u202f234\u202f567"),
        (999.0, "registers", "999"),
        (1234567, "", "1234567"),
        (800, "ns", "800 ns"),
        (1500, "ns", "1.5 µs"),
        (-1500, "ns", "-1.5 µs"),
        (2.5e9, "ns", "2.5 s"),
        (1536, "bytes", "1.5 KiB"),
        (5e12, "FLOP/s", "5 TFLOP/s"),
        (3.35e12, "bytes/s", "3.35 TB/s"),
        (1.98e9, "Hz", "1.98 GHz"),
        (12.345, "%", "12.35 %"),
        (0.5, "ratio", "0.5"),
        (7, "apples", "7 apples"),
        ("text", "ns", "text"),
        (None, "ns", MISSING),
        (math.nan, "count", MISSING),
        (math.inf, "ns", MISSING),
    ],
)
def test_a_value_is_shown_in_its_unit(value, unit, text):
    assert format_value(value, unit) == text


@pytest.mark.parametrize("unit", UNITS)
def test_no_unit_rounds_a_fraction_away(unit):
    assert format_value(0.144, unit).startswith("0.144")


def test_the_longest_suffix_decides():
    assert unit_of("dram_throughput_bytes_per_s") == "bytes/s" and unit_of("dram_bytes") == "bytes"
    assert unit_of("roofline_flop_per_s") == "FLOP/s" and unit_of("variant") == ""
