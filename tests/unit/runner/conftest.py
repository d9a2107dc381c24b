import os
import subprocess
import sys

import pytest
from runner_process import QUICK, SEARCH_PATH


@pytest.fixture
def runner(tmp_path):
    """Run the runner's command line in a process of its own; returns exit status and output."""

    def run(*arguments, timeout=60):
        environment = {**os.environ, "PYTHONPATH": SEARCH_PATH}
        argv = [sys.executable, "-m", "profiler.runner", *QUICK, *map(str, arguments)]
        done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=timeout)
        return done.returncode, done.stdout + done.stderr

    return run
