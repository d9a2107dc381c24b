"""What NVML says of the GPUs, with a stand-in for the library where there is no driver."""

from types import SimpleNamespace

import pynvml
import pytest

from profiler.capture.gpus import Gpu, gpus, read_driver


class NoAnswer(pynvml.NVMLError):
    def __new__(cls):
        return Exception.__new__(cls)


def refuse(*_):
    raise NoAnswer


@pytest.fixture
def nvml(monkeypatch):
    sessions = []
    answers = {
        "nvmlInit": lambda: sessions.append("open"),
        "nvmlShutdown": lambda: sessions.append("closed"),
        "nvmlSystemGetDriverVersion": lambda: "560.35",
        "nvmlSystemGetCudaDriverVersion_v2": lambda: 12060,
        "nvmlDeviceGetCount": lambda: 2,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetCudaComputeCapability": lambda device: (9, 0),
        "nvmlDeviceGetMemoryInfo": lambda device: SimpleNamespace(total=150 << 30),
        "nvmlDeviceGetName": lambda device: f"H200 {device}",
        "nvmlDeviceGetUUID": lambda device: f"GPU-{device}",
        "nvmlDeviceGetClockInfo": lambda device, kind: {pynvml.NVML_CLOCK_SM: 1980, pynvml.NVML_CLOCK_MEM: 3201}[kind],
        "nvmlDeviceGetMaxClockInfo": lambda device, kind: 1980,
        "nvmlDeviceGetTemperature": lambda device, sensor: 41,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(pynvml, name, answer)
    return sessions


def test_every_gpu_with_its_clocks_in_hertz_and_sizes_in_bytes(nvml):
    driver = read_driver()
    assert (driver.version, driver.cuda_version) == ("560.35", "12.6")
    assert driver.gpus[1] == Gpu(1, "H200 1", "GPU-1", "9.0", 1_980_000_000, 3_201_000_000, 1_980_000_000, 41, 150 << 30)
    assert nvml == ["open", "closed"]


def test_what_a_gpu_does_not_tell_is_missing_and_not_zero(nvml, monkeypatch):
    for name in ("nvmlDeviceGetTemperature", "nvmlDeviceGetMaxClockInfo", "nvmlDeviceGetMemoryInfo"):
        monkeypatch.setattr(pynvml, name, refuse)
    first = gpus()[0]
    assert (first.temperature_c, first.sm_clock_max_hz, first.memory_bytes) == (None, None, None)
    assert first.sm_clock_hz == 1_980_000_000


def test_without_a_driver_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(pynvml, "nvmlInit", refuse)
    assert (gpus(), read_driver().version) == ([], None)
