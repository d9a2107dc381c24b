"""Facts about the GPUs of this machine from NVML, the driver's management library; needs no CUDA, and is silent without a GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_HZ_PER_MHZ = 1_000_000


@dataclass(frozen=True)
class Gpu:
    """One GPU as the driver sees it.

    Attributes:
        index: NVML index.
        name: Product name.
        uuid: `GPU-…`.
        compute_capability: `major.minor`.
        sm_clock_hz: SM clock now.
        memory_clock_hz: Memory clock now.
        sm_clock_max_hz: Highest SM clock.
        temperature_c: Temperature in °C.
        memory_bytes: Device memory.
    """

    index: int
    name: str
    uuid: str
    compute_capability: str
    sm_clock_hz: int | None = None
    memory_clock_hz: int | None = None
    sm_clock_max_hz: int | None = None
    temperature_c: int | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Driver:
    """The driver and its GPUs.

    Attributes:
        version: Version of the driver; None where there is none.
        cuda_version: Newest CUDA version that it supports.
        gpus: Every GPU that it shows.
    """

    version: str | None = None
    cuda_version: str | None = None
    gpus: tuple[Gpu, ...] = ()


def read_driver() -> Driver:
    """Return what the driver says; a Driver without version where there is none."""
    with _session() as nvml:
        if nvml is None:
            return Driver()
        number = _ask(nvml, nvml.nvmlSystemGetCudaDriverVersion_v2)
        cuda = f"{number // 1000}.{number % 1000 // 10}" if number else None
        found = (_gpu(nvml, index) for index in range(_ask(nvml, nvml.nvmlDeviceGetCount) or 0))
        return Driver(_ask(nvml, nvml.nvmlSystemGetDriverVersion), cuda, tuple(gpu for gpu in found if gpu is not None))


def gpus() -> list[Gpu]:
    """Return the GPUs of this machine, none where there is no driver."""
    return list(read_driver().gpus)


@contextmanager
def _session() -> Iterator[Any]:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield None
        return
    try:
        yield pynvml
    finally:
        pynvml.nvmlShutdown()


def _ask(nvml: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return an answer; None where this GPU or driver gives none."""
    try:
        return function(*arguments)
    except nvml.NVMLError:
        return None


def _gpu(nvml: Any, index: int) -> Gpu | None:
    device = _ask(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
    if device is None:
        return None
    major, minor = _ask(nvml, nvml.nvmlDeviceGetCudaComputeCapability, device) or (0, 0)
    memory = _ask(nvml, nvml.nvmlDeviceGetMemoryInfo, device)
    return Gpu(
        index,
        _ask(nvml, nvml.nvmlDeviceGetName, device) or "",
        _ask(nvml, nvml.nvmlDeviceGetUUID, device) or "",
        f"{major}.{minor}",
        _hertz(_ask(nvml, nvml.nvmlDeviceGetClockInfo, device, nvml.NVML_CLOCK_SM)),
        _hertz(_ask(nvml, nvml.nvmlDeviceGetClockInfo, device, nvml.NVML_CLOCK_MEM)),
        _hertz(_ask(nvml, nvml.nvmlDeviceGetMaxClockInfo, device, nvml.NVML_CLOCK_SM)),
        _ask(nvml, nvml.nvmlDeviceGetTemperature, device, nvml.NVML_TEMPERATURE_GPU),
        memory.total if memory is not None else None,
    )


def _hertz(megahertz: int | None) -> int | None:
    return None if megahertz is None else megahertz * _HZ_PER_MHZ
