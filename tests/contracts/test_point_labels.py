"""The Python side builds the golden labels that the C++ header is held to as well."""

import json
import re
from pathlib import Path

import pytest

from profiler.point_label import RESERVED_KEYS, decode_label, encode_label, label_value

CASES = json.loads(Path(__file__).with_name("point_labels.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["label"][:40] for case in CASES])
def test_label_is_golden_and_decodes_to_the_same_pairs(case):
    pairs = dict(case["pairs"])
    assert encode_label(pairs) == case["label"]
    assert decode_label(case["label"]) == {key: label_value(value) for key, value in pairs.items()}


def test_none_is_left_out():
    assert encode_label({"op": "swish", "block": None}) == "op=swish"


def test_header_and_package_reserve_the_same_keys():
    text = (Path(__file__).parents[2] / "cpp_driver" / "include" / "profiler" / "point_label.hpp").read_text(encoding="utf-8")
    (keys,) = re.findall(r"kReservedKeys = \{([^}]*)\}", text)
    assert tuple(re.findall(r'"(\w+)"', keys)) == RESERVED_KEYS
