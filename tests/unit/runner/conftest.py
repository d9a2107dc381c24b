import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
QUICK = ["--shape", "16x64", "--min-samples", "3", "--max-samples", "3", "--max-seconds", "1", "--warmup", "1", "--cache", "warm"]


@pytest.fixture
def runner(tmp_path):
    """Run the runner's command line in a process of its own; returns exit status and output."""

    def run(*arguments, timeout=60):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parents[2]), str(HERE)])}
        argv = [sys.executable, "-m", "profiler.runner", *QUICK, *map(str, arguments)]
        done = subprocess.run(argv, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=timeout)
        return done.returncode, done.stdout + done.stderr

    return run
