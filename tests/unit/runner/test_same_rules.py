"""`profiler run` and `profiler ab`, each with both programs, measure by the same rules: their results state the same settings."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from profiler.capture.artefacts import find_driver
from profiler.runner.settings import MeasureSettings

OPTIONS = [
    {},
    {"warmup": 3, "max_iterations": 60, "seed": 7},
    {"iterations": 25, "cache_mode": "warm", "tolerance_abs": 0.5},
    {
        "min_iterations": 20,
        "max_iterations": 40,
        "max_time": 0.05,
        "stability": 0.02,
        "measure": "isolated",
        "stream_flag": "blocking",
    },
    {"iterations": 10, "verify": False},
]
POINTS = {"cpp": "op=copy shape=64x33 dtype=fp32", "python": "op=swish shape=64x33 dtype=fp32"}
ENGINES = {"cpp": "direct", "python": "reference"}


def words(options):
    """The options as both command lines spell them."""
    return [
        word
        for name, value in options.items()
        for word in (["--no-" + name] if value is False else ["--" + name.replace("_", "-"), str(value)])
    ]


@pytest.fixture
def profiler(cuda_library, tmp_path):
    driver = find_driver()
    if driver is None:
        pytest.skip("profiler-driver is not built")
    for program, line in POINTS.items():
        (tmp_path / f"{program}.txt").write_text(line + "\n")
    # both programs measure where there is no GPU: one on the host, one on a CUDA driver that works on the host
    environment = {**os.environ, "PROFILER_CUDA_LIBRARY": str(cuda_library), "PROFILER_BUILD_DIR": str(driver.parent.parent)}

    def run(*arguments):
        argv = [sys.executable, "-m", "profiler", *map(str, arguments), "--runs", str(tmp_path / "runs")]
        done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def settings(folder):
    """The settings that the results below a folder state; all of a run are one."""
    documents = [json.loads(path.read_text()) for path in folder.glob("runs/*/raw/**/*.json")]
    found = [item["settings"] for item in documents if item.get("schema") == "profiler-result"]
    assert found and all(item == found[0] for item in found)
    assert all(point["status"] == "ok" for item in documents if item.get("schema") == "profiler-result" for point in item["points"])
    return found[0]


@pytest.mark.parametrize("program", POINTS)
@pytest.mark.parametrize("options", [*OPTIONS[2:], *(pytest.param(some, marks=pytest.mark.long) for some in OPTIONS[:2])], ids=str)
def test_run_measures_by_the_settings_that_were_given(profiler, tmp_path, program, options):
    points = tmp_path / f"{program}.txt"
    profiler("run", "--points", points, "--driver", program, "--engine", ENGINES[program], "--tool", "builtin", *words(options))
    assert settings(tmp_path) == dict(MeasureSettings(**options).values)


@pytest.mark.parametrize(
    "options", [OPTIONS[1], *(pytest.param(some, marks=pytest.mark.long) for some in (OPTIONS[0], OPTIONS[2]))]
)
def test_ab_measures_both_programs_by_the_same_settings_as_run(profiler, tmp_path, options):
    request = tmp_path / "request.json"
    point = {"op": "swish", "shape": [64, 33], "dtype": "fp32", "attributes": {}}
    document = {"schema": "profiler-request", "schema_version": 1, "points": [point], "driver": "python", "engine": "reference"}
    request.write_text(json.dumps({**document, "settings": options}))
    cpp = [str(find_driver()), "--points", str(tmp_path / "cpp.txt"), "--direct", *words(options)]
    python = [sys.executable, "-m", "profiler.runner", "--request", str(request)]
    sides = [shlex.join(command) for command in (cpp, python)]
    profiler("ab", "--base-command", sides[0], "--candidate-command", sides[1], "--max-rounds", 1, "--key", "shape,dtype")
    assert settings(tmp_path) == dict(MeasureSettings(**options).values)
