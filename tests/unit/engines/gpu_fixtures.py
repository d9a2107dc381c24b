"""The fake device as a fixture; named by `pytest_plugins`, never imported."""

import pytest
from fake_cuda import FakeCuda

from profiler.engines import cuda_runtime


@pytest.fixture
def fake(monkeypatch):
    device = FakeCuda()
    monkeypatch.setattr(cuda_runtime, "load_bindings", lambda: (device.runtime, device.driver))
    return device
