"""The NVTX names of the C++ header and of the Python package are the same."""

from __future__ import annotations

import re
from pathlib import Path

from profiler.runner import ranges

HEADER = Path(__file__).parents[2] / "cpp_driver" / "include" / "profiler" / "nvtx.hpp"
NAMES = {
    "Domain": "DOMAIN",
    "PointPrefix": "POINT_PREFIX",
    "Setup": "SETUP",
    "Warmup": "WARMUP",
    "Verify": "VERIFY",
    "Iteration": "ITERATION",
}


def test_header_and_package_use_one_set_of_names() -> None:
    found = dict(re.findall(r'inline constexpr char k(\w+)\[\] = "([^"]*)";', HEADER.read_text(encoding="utf-8")))
    assert found == {name: getattr(ranges, constant) for name, constant in NAMES.items()}
