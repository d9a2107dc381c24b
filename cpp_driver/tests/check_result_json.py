"""Reads the document that result_json_test prints and holds it to docs/formats.md.

Usage: check_result_json.py PROGRAM FORMATS_MD
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path


def keys_of_example(formats: Path) -> tuple[dict, dict]:
    """The example document of docs/formats.md: its own keys and those of its point are the contract."""
    text = re.search(r"```json\n(.*?)```", formats.read_text(encoding="utf-8"), re.DOTALL).group(1)
    document = json.loads(text)
    return document, document["points"][0]


def expect(condition: bool, message: object) -> None:
    """End the test with the message unless the condition holds."""
    if not condition:
        raise SystemExit(f"failed: {message}")


def refuse_constant(name: str) -> None:
    """NaN and infinities are no JSON."""
    raise ValueError(f"{name} is no JSON")


def main() -> None:
    """Run all checks."""
    program, formats = sys.argv[1:3]
    output = subprocess.run([program], check=True, capture_output=True).stdout.decode("utf-8")
    document = json.loads(output, parse_constant=refuse_constant)
    example, example_point = keys_of_example(Path(formats))
    for key, value in example.items():
        expect(key in document, f"document lacks {key}")
        if isinstance(value, dict):
            expect(value.keys() <= document[key].keys(), f"{key} lacks {value.keys() - document[key].keys()}")
    good, bad = document["points"]
    for point in (good, bad):
        expect(example_point.keys() <= point.keys(), f"point lacks {example_point.keys() - point.keys()}")
    for key in ("launch", "verification"):
        expect(example_point[key].keys() <= good[key].keys(), f"{key} lacks {example_point[key].keys() - good[key].keys()}")
    expect(good["label"] == "op=swish variant=scalar shape=65536x1024 dtype=fp16 block=256 beta=1.5", good["label"])
    expect(good["attributes"] == {"block": 256, "beta": 1.5, "variant": "scalar"}, good["attributes"])
    expect(good["samples_ns"] == [128000, 128100, 128200] and good["host_samples_ns"] == [4100, 4000, 4200], good["samples_ns"])
    expect(good["launch"]["symbol"] is None and good["launch"]["resolved"]["beta"] == 1, good["launch"])
    expect(good["launch"]["grid"] == [16384, 1, 1], good["launch"])
    expect([lane["sample_count"] for lane in good["lanes"]] == [2, 1], good["lanes"])
    expect(good["sm_clock_before_hz"] == 1980000000 and good["sm_clock_after_hz"] is None, "an unknown clock is null")
    expect(good["wall_ns"] is None and good["engine_build_ns"] is None, "unknown times are null")
    expect(good["verification"]["worst_actual"] == "nan" and good["verification"]["cosine"] is None, good["verification"])
    expect(good["verification"]["worst_index"] == [12, 7] and good["verification"]["worst_expected"] == 0.1, good["verification"])
    expect(bad["status"] == "failed" and bad["reason"] == 'cudaMalloc: "out of memory"\n\\', bad["reason"])
    expect(bad["samples_ns"] == [] and bad["verification"] is None and bad["bytes_per_iteration"] is None, "nothing was measured")
    expect(bad["attributes"] == {"odd/key": '<"&">\n�'}, bad["attributes"])
    expect(document["argv"][2] == 'a="b"' and document["device"]["memory_clock_hz"] is None, document["argv"])
    expect(document["digests"]["engine"] == "sha256:00" and document["engine"] == "direct", document["digests"])
    print("result document: ok")


if __name__ == "__main__":
    main()
