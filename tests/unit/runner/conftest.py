import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from runner_process import command, request


@pytest.fixture(scope="session")
def cuda_library(tmp_path_factory):
    """A CUDA driver of a few lines, as a library."""
    if not shutil.which("c++"):
        pytest.skip("needs a C++ compiler")
    path = tmp_path_factory.mktemp("cuda") / "libcuda.so.1"
    source = Path(__file__).with_name("fake_libcuda.cpp")
    headers = Path(__file__).parents[3] / "cpp_driver" / "core"
    subprocess.run(["c++", "-std=c++17", "-shared", "-fPIC", "-O1", "-I", headers, "-o", path, source], check=True)
    return path


@pytest.fixture
def runner(tmp_path):
    """Run a request in a process of its own; returns exit status, output and, where it was written, the result document."""

    def run(*sweeps, environment=None, **options):
        argv, variables = command(tmp_path, request(*sweeps, **options))
        variables = {**variables, **(environment or {})}
        done = subprocess.run(argv, cwd=tmp_path, env=variables, capture_output=True, text=True)
        result = tmp_path / "result.json"
        document = json.loads(result.read_text()) if result.is_file() else None
        return SimpleNamespace(code=done.returncode, output=done.stdout + done.stderr, document=document)

    return run
