"""Facts about the GPUs from NVML, the driver's management library; works without CUDA, and says nothing without a GPU."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

_LIBRARY = "libnvidia-ml.so.1"
_TEXT_BYTES = 96
_CLOCK_SM, _CLOCK_MEMORY = 1, 2
_SENSOR_GPU = 0


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


class _Memory(ctypes.Structure):
    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class Nvml:
    """An open session with NVML.

    Use as a context manager; `available` is False where there is no driver.
    """

    def __init__(self) -> None:
        self.available = False

    def __enter__(self) -> Nvml:
        try:
            self._library = ctypes.CDLL(_LIBRARY)
        except OSError:
            return self
        self.available = self._library.nvmlInit_v2() == 0
        return self

    def __exit__(self, *_: object) -> None:
        if self.available:
            self._library.nvmlShutdown()

    def driver_version(self) -> str | None:
        """Return the version of the driver."""
        text = ctypes.create_string_buffer(_TEXT_BYTES)
        if not self.available or self._library.nvmlSystemGetDriverVersion(text, _TEXT_BYTES):
            return None
        return text.value.decode()

    def cuda_version(self) -> str | None:
        """Return the newest CUDA version that the driver supports."""
        number = ctypes.c_int()
        if not self.available or self._library.nvmlSystemGetCudaDriverVersion_v2(ctypes.byref(number)):
            return None
        return f"{number.value // 1000}.{number.value % 1000 // 10}"

    def gpus(self) -> list[Gpu]:
        """Return every GPU that the driver shows."""
        count = ctypes.c_uint()
        if not self.available or self._library.nvmlDeviceGetCount_v2(ctypes.byref(count)):
            return []
        return [gpu for index in range(count.value) if (gpu := self._gpu(index)) is not None]

    def _gpu(self, index: int) -> Gpu | None:
        device = ctypes.c_void_p()
        if self._library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(device)):
            return None
        major, minor = ctypes.c_int(), ctypes.c_int()
        self._library.nvmlDeviceGetCudaComputeCapability(device, ctypes.byref(major), ctypes.byref(minor))
        memory = _Memory()
        has_memory = self._library.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)) == 0
        return Gpu(
            index,
            self._text("nvmlDeviceGetName", device),
            self._text("nvmlDeviceGetUUID", device),
            f"{major.value}.{minor.value}",
            self._clock("nvmlDeviceGetClockInfo", device, _CLOCK_SM),
            self._clock("nvmlDeviceGetClockInfo", device, _CLOCK_MEMORY),
            self._clock("nvmlDeviceGetMaxClockInfo", device, _CLOCK_SM),
            self._number("nvmlDeviceGetTemperature", device, _SENSOR_GPU),
            memory.total if has_memory else None,
        )

    def _text(self, function: str, device: ctypes.c_void_p) -> str:
        text = ctypes.create_string_buffer(_TEXT_BYTES)
        getattr(self._library, function)(device, text, _TEXT_BYTES)
        return text.value.decode(errors="replace")

    def _number(self, function: str, device: ctypes.c_void_p, what: int) -> int | None:
        value = ctypes.c_uint()
        failed = getattr(self._library, function)(device, what, ctypes.byref(value))
        return None if failed else value.value

    def _clock(self, function: str, device: ctypes.c_void_p, what: int) -> int | None:
        megahertz = self._number(function, device, what)
        return None if megahertz is None else megahertz * 1_000_000

    def sm_clock_hz(self, uuid: str) -> int | None:
        """Return the SM clock of one GPU now."""
        device = ctypes.c_void_p()
        if not self.available or self._library.nvmlDeviceGetHandleByUUID(uuid.encode(), ctypes.byref(device)):
            return None
        return self._clock("nvmlDeviceGetClockInfo", device, _CLOCK_SM)


def gpus() -> list[Gpu]:
    """Return the GPUs of this machine, none where there is no driver."""
    with Nvml() as nvml:
        return nvml.gpus()
