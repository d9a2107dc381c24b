"""The measuring options: one description, from which the command line, the request and the driver's options follow."""

import json
import subprocess
from pathlib import Path

import pytest
from runner_process import request

from profiler.capture.artefacts import find_driver
from profiler.cli.request_options import RUN_OPTIONS, build_request
from profiler.errors import UsageError
from profiler.runner.settings import NAMES, OPTIONS, MeasureSettings

OF_0_1 = {
    "warmup": 5,
    "min_samples": 20,
    "max_samples": 60,
    "max_seconds": 0.5,
    "precision": 0.002,
    "cache": "warm",
    "launch_mode": "graph",
    "streams": 2,
    "threads": 3,
    "seed": 4,
    "verify": False,
    "timed": True,
}


def test_settings_of_the_first_version_are_read():
    settings = MeasureSettings(**OF_0_1)
    assert (settings.min_iterations, settings.max_iterations, settings.max_time, settings.stability) == (20, 60, 0.5, 0.002)
    assert (settings.cache_mode, settings.launch_mode, settings.streams, settings.verify) == ("warm", "graph", 2, False)


@pytest.mark.parametrize("given", [{}, {"iterations": 7}, {"max_time": 0.05}, OF_0_1], ids=str)
def test_settings_survive_json(given):
    settings = MeasureSettings(**given)
    assert MeasureSettings(**json.loads(json.dumps(settings.to_dict()))) == settings


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"max_iterations": 7}, {"min_iterations": 7, "max_iterations": 7}),
        ({"min_iterations": 50000}, {"min_iterations": 50000, "max_iterations": 50000}),
        ({"max_time": 0.05}, {"min_time": 0.05, "max_time": 0.05}),
        ({"min_time": 9}, {"min_time": 9, "max_time": 9}),
    ],
)
def test_a_bound_that_is_given_moves_the_other(given, expected):
    settings = MeasureSettings(**given)
    assert {name: getattr(settings, name) for name in expected} == expected


@pytest.mark.parametrize(
    "given",
    [
        {"min_iterations": 5, "max_iterations": 4},
        {"min_time": 2, "max_time": 1},
        {"iterations": 5, "stability": 0.1},
        {"warmup": -1},
        {"warmup": 1.5},
        {"warmup": True},
        {"streams": 0},
        {"cache_mode": "lukewarm"},
        {"verify": "yes"},
        {"stability": 1.1},
        {"bolck": 1},
        {"max_time": float("nan")},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_with_a_hint(given):
    with pytest.raises(UsageError) as caught:
        MeasureSettings(**given)
    assert caught.value.hint


ROOT = Path(__file__).parents[3]
CHOICES = {row["name"]: row.get("choices") for row in json.loads((ROOT / "profiler/runner/options.json").read_text())["options"]}


def another(option):
    """A value of an option that is not its default."""
    if option.type == "flag":
        return not option.default
    if option.type == "choice":
        return next(choice for choice in CHOICES[option.name] if choice != option.default)
    return {"integer": 64, "number": 0.25}[option.type]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_each_option_reaches_the_request_from_the_command_line(option):
    if option.hidden:
        return
    names = [own for item in RUN_OPTIONS if item.item.field == option.name for own in item.names]
    assert names, "not on the command line"
    for name in names:
        value = True if name.startswith("no_") else another(option)
        sweep = build_request({name: value, "shape": ["8x8"]}).sweep
        written = json.loads(json.dumps(sweep.to_dict()))
        assert written["settings"][option.name] == another(option)
        assert getattr(sweep.settings, option.name) == another(option)


def test_every_option_is_used_where_points_are_measured():
    """Each name stands in the code that measures; an option that nobody reads does nothing."""
    code = "\n".join(path.read_text() for folder in ("core", "src") for path in (ROOT / "cpp_driver" / folder).rglob("*.[ch]pp"))
    unread = [
        option.name for option in OPTIONS if f'"{option.name}"' not in code and f'"{option.name.replace("_", "-")}"' not in code
    ]
    assert [name for name in unread if not NAMES[name].hidden and name != "verify"] == []


def test_the_driver_takes_every_option_in_a_request(tmp_path):
    binary = find_driver()
    if binary is None:
        pytest.skip("profiler-driver is not built")
    given = {option.name: another(option) for option in OPTIONS if option.name not in ("iterations", "measure", "verify")}
    sweep = request("block=64,128", engine="direct", driver="cpp", settings={**given, "min_iterations": 3, "max_iterations": 64})
    sweep.write(tmp_path / "request.json")
    done = subprocess.run([binary, "--request", tmp_path / "request.json", "--dry-run"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [point.label in done.stdout for point in sweep.points] == [True, True]
