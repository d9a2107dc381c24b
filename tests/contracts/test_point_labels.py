"""The Python side builds the golden labels that the C++ header is held to as well."""

import json
import os
import re
import shutil
import subprocess
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


@pytest.mark.skipif(not (shutil.which("localedef") and shutil.which("g++")), reason="localedef or g++ is not installed")
def test_the_header_writes_one_label_in_every_locale(tmp_path):
    subprocess.run(
        ["localedef", "--no-archive", "-i", "de_DE", "-f", "UTF-8", str(tmp_path / "comma")], capture_output=True, check=False
    )
    if not (tmp_path / "comma").is_dir():
        pytest.skip("the sources of locales are not installed")
    program = tmp_path / "label.cpp"
    program.write_text(
        """#include <clocale>
#include <cstdio>
#include "profiler/point_label.hpp"
int main() {
  if (!std::setlocale(LC_ALL, "comma")) return 1;
  std::printf("%.1f %s", 0.5, profiler::pointLabel({{"beta", 0.5}, {"alpha", 1e-9f}, {"layout", 'n'}}).c_str());
}
"""
    )
    include = Path(__file__).parents[2] / "cpp_driver" / "include"
    subprocess.run(["g++", "-std=c++17", f"-I{include}", str(program), "-o", str(tmp_path / "label")], check=True)
    done = subprocess.run(
        [tmp_path / "label"], env={**os.environ, "LOCPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0,5", "beta=0.5", "alpha=1e-09", "layout=n"]
