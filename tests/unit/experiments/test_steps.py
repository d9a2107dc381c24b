"""The steps' command lines, held against the real driver where it is built."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from profiler.capture.artefacts import find_driver
from profiler.errors import ToolMissingError
from profiler.experiments import EXPERIMENTS, find_experiments
from profiler.experiments.experiment import Toolbox
from profiler.experiments.machine import require
from profiler.runner.request import read_request

DRIVER = find_driver()
TOOLBOX = Toolbox(DRIVER or Path("profiler-driver"), Path("null_stream.so"), "python3", "compute-sanitizer")
STEPS = [
    (experiment, step)
    for experiment in EXPERIMENTS
    for step in experiment.steps(TOOLBOX)
    if str(TOOLBOX.driver) in step.command  # PyTorch's program is the other one
]


@pytest.mark.skipif(DRIVER is None, reason="profiler-driver is not built")
@pytest.mark.parametrize(("experiment", "step"), STEPS, ids=[f"{item.name}-{step.name}" for item, step in STEPS])
def test_the_driver_takes_every_command_line(experiment, step, tmp_path) -> None:
    argv = list(step.command[step.command.index(str(TOOLBOX.driver)) :])
    if "--json" in argv:  # a dry run has no result
        del argv[argv.index("--json") : argv.index("--json") + 2]
    ended = subprocess.run([*argv, "--dry-run"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 0, ended.stderr


def test_names_are_unique_within_their_experiment() -> None:
    assert len({item.name for item in EXPERIMENTS}) == len(EXPERIMENTS)
    for experiment in EXPERIMENTS:
        steps = experiment.steps(TOOLBOX)
        assert len({step.name for step in steps}) == len(steps)
        assert len({step.result for step in steps}) == len(steps)


def test_all_leaves_out_what_is_not_part_of_it() -> None:
    names = [item.name for item in find_experiments("all")]
    assert names == ["native-vs-plugin", "dynamic-shapes", "serialization", "threads", "under-tools", "ranks", "plugin-speed"]


def test_another_device_reaches_every_program(tmp_path) -> None:
    for experiment in EXPERIMENTS:
        for step in experiment.steps(replace(TOOLBOX, device=1)):
            argv = step.command
            if "--request" in argv:
                assert step.prepare(tmp_path) == ""
                assert read_request(tmp_path / argv[argv.index("--request") + 1]).device == 1
            else:
                assert argv[argv.index("--device") + 1] == "1"


def test_what_is_missing_is_named_before_anything_runs(tmp_path) -> None:
    with pytest.raises(ToolMissingError, match="not built"):
        require(EXPERIMENTS, Toolbox(tmp_path / "profiler-driver"))
    driver = tmp_path / "profiler-driver"
    driver.touch()
    with pytest.raises(ToolMissingError, match="null_stream"):
        require(find_experiments("threads"), Toolbox(driver))
    with pytest.raises(ToolMissingError, match="compute-sanitizer"):
        require(find_experiments("threads-memcheck"), Toolbox(driver))
