#!/usr/bin/env python3
"""Stands in for profiler-driver: same options, same result file, with points that crash or hang; for the supervisor's tests."""

import json
import os
import sys
import time
from pathlib import Path

arguments = sys.argv[1:]


def value(option):
    return arguments[arguments.index(option) + 1]


request = json.loads(Path(value("--request")).read_text())
points = []
if os.environ.get("FAKE_DRIVER") == "no-gpu":
    sys.exit("error: no CUDA device\nfix: use another machine")
for point in request["points"]:
    pairs = point["attributes"]
    if pairs.get("fault") == "crash":
        os.kill(os.getpid(), 11)
    if pairs.get("fault") == "hang":
        time.sleep(600)
    status = "wrong_output" if pairs.get("fault") == "wrong" else "ok"
    points.append(
        {
            "label": "as the driver writes it",
            "op": point["op"],
            "engine": "direct",
            "status": status,
            "reason": None,
            "attributes": {},
            "samples_ns": [10, 11] if request["settings"]["timed"] else [],
        }
    )
    document = {
        "schema": "profiler-result",
        "schema_version": 1,
        "program": {"name": "profiler-driver", "version": "1"},
        "engine": "direct",
        "device": {"name": "fake"},
        "versions": {"driver": "13.0"},
        "digests": {"timing_cache": f"sha256:{len(points)}"},
        "argv": sys.argv,
        "points": points,
    }
    temporary = Path(value("--json") + ".new")
    temporary.write_text(json.dumps(document))
    temporary.replace(value("--json"))
sys.exit(7 if any(point["status"] != "ok" for point in points) else 0)
