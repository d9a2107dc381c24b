import json
import subprocess
from types import SimpleNamespace

import pytest
from runner_process import command, request


@pytest.fixture
def runner(tmp_path):
    """Run a request in a process of its own; returns exit status, output and, where it was written, the result document."""

    def run(*sweeps, timeout=60, environment=None, **options):
        argv, variables = command(tmp_path, request(*sweeps, **options))
        variables = {**variables, **(environment or {})}
        done = subprocess.run(argv, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=timeout)
        result = tmp_path / "result.json"
        document = json.loads(result.read_text()) if result.is_file() else None
        return SimpleNamespace(code=done.returncode, output=done.stdout + done.stderr, document=document)

    return run
