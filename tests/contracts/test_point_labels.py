"""The Python side builds the golden labels that the C++ header is held to as well."""

import json
import re
from pathlib import Path

import pytest

from profiler.point_label import RESERVED_KEYS, decode_label, encode_label, label_value
from profiler.runner.point import Point, read_points

GOLDEN = json.loads(Path(__file__).with_name("point_labels.json").read_text(encoding="utf-8"))
CASES = GOLDEN["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["label"][:40] for case in CASES])
def test_label_is_golden_and_decodes_to_the_same_pairs(case):
    pairs = dict(case["pairs"])
    assert encode_label(pairs) == case["label"]
    assert decode_label(case["label"]) == {key: label_value(value) for key, value in pairs.items()}


@pytest.mark.parametrize("case", GOLDEN["lines"], ids=[case["line"] for case in GOLDEN["lines"]])
def test_a_line_of_a_points_file_is_read_as_the_driver_reads_it(tmp_path, case):
    path = tmp_path / "points.txt"
    path.write_text(f"# points\n{case['line']}\n", encoding="utf-8")
    (point,) = read_points(path)
    assert point.label == case["label"]
    assert point.attributes == {"tag": case["tag"]} and type(point.attributes["tag"]) is type(case["tag"])
    assert Point.from_dict(json.loads(json.dumps(point.to_dict()))) == point


def test_none_is_left_out():
    assert encode_label({"op": "swish", "block": None}) == "op=swish"


def test_header_and_package_reserve_the_same_keys():
    text = (Path(__file__).parents[2] / "cpp_driver" / "include" / "profiler" / "point_label.hpp").read_text(encoding="utf-8")
    (keys,) = re.findall(r"kReservedKeys = \{([^}]*)\}", text)
    assert tuple(re.findall(r'"(\w+)"', keys)) == RESERVED_KEYS
