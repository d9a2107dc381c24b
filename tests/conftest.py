"""What holds for every test: interruptions arrive, one nsys records at a time, and there are the libraries that measuring needs.

Builds them where a source tree lacks them: a C++17 compiler and CMake are all that it takes.
"""

from __future__ import annotations

import fcntl
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from profiler.capture.artefacts import HOST_OPS_LIBRARY, find_core_library, find_host_ops_library

ROOT = Path(__file__).parents[1]
WAITING = ("test_nsys_recording.py", "test_stats_equality.py")
GUARD_S = 600
"""Ends a test that would wait for ever; no measure of anything."""
NSYS_LOCK = Path(tempfile.gettempdir()) / "profiler-tests-nsys.lock"


# how long an example takes says how busy the machine is
hypothesis.settings.register_profile("project", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("project")


def _build(source: Path, folder: Path) -> Path:
    """Build the library of ops of a source tree; return its file."""
    options = ["-DPROFILER_HOST_ONLY=ON", "-DBUILD_TESTING=OFF", "-DCMAKE_BUILD_TYPE=Release"]
    for argv in (
        ["cmake", "-S", str(source), "-B", str(folder), *options],
        ["cmake", "--build", str(folder), "--target", "profiler_ops_host"],
    ):
        subprocess.run(argv, check=True, capture_output=True)
    return folder / "lib" / HOST_OPS_LIBRARY


def pytest_configure(config: pytest.Config) -> None:
    """Let interruptions through, and build the libraries once, before the workers of a parallel run start."""
    # programs started in the background (nohup, a shell's &) ignore interruptions, and so would all that the tests start
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    missing = find_host_ops_library() is None or find_core_library() is None
    if missing and not hasattr(config, "workerinput") and shutil.which("cmake"):
        subprocess.run([sys.executable, ROOT / "hatch_build.py"], check=True, capture_output=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits longest, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: (item.path.name not in WAITING, item.path.parent.name != "browser"))


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    """Return a function that waits until something is so, while the process that makes it so runs."""

    def wait(condition: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
        end = time.monotonic() + GUARD_S
        while not condition():
            assert process is None or process.poll() is None, "the process ended before"
            assert time.monotonic() < end, "never true"
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def build_host_ops() -> Callable[[Path, Path], Path]:
    """Build the library of ops of a source tree in a folder; return its file."""
    return _build


@pytest.fixture(autouse=True)
def one_nsys_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold the lock during tests marked `nsys`: sessions that begin together fail with "Local Endpoint is not available"."""
    if request.node.get_closest_marker("nsys") is None:
        yield
        return
    with NSYS_LOCK.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
