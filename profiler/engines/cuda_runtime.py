"""The CUDA calls that the GPU engines make, through cuda-python 12 or 13, with errors as exceptions.

An error that leaves the context unusable is told apart, because then the whole process can run nothing more.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from profiler.engines.base import EngineBroken
from profiler.engines.nvml import Nvml
from profiler.errors import CaptureError, ToolMissingError

INSTALL_HINT = "pip install cuda-python cupti-python pyelftools"
_STICKY_ERRORS = frozenset(
    {
        "cudaErrorIllegalAddress", "cudaErrorLaunchFailure", "cudaErrorAssert", "cudaErrorMisalignedAddress",
        "cudaErrorInvalidAddressSpace", "cudaErrorInvalidPc", "cudaErrorIllegalInstruction", "cudaErrorHardwareStackError",
        "cudaErrorLaunchTimeout", "cudaErrorECCUncorrectable", "cudaErrorContained", "cudaErrorExternalDevice", "cudaErrorUnknown",
    }
)  # fmt: skip
_BITS_PER_BYTE = 8
_TRANSFERS_PER_CLOCK = 2


def load_bindings() -> tuple[Any, Any]:
    """Return the modules of the runtime and of the driver API.

    Raises:
        ToolMissingError: cuda-python is not installed.
    """
    try:
        from cuda.bindings import driver, runtime

        return runtime, driver
    except ImportError:
        pass
    try:
        from cuda import cuda as driver
        from cuda import cudart as runtime

        return runtime, driver
    except ImportError as error:
        raise ToolMissingError(f"the CUDA bindings for Python cannot be loaded ({error})", INSTALL_HINT) from error


class Cuda:
    """One CUDA device, made current for the calling thread.

    Args:
        device: CUDA device ordinal.

    Raises:
        ToolMissingError: No bindings, no driver or no such device.
    """

    def __init__(self, device: int = 0) -> None:
        self.runtime, self.driver = load_bindings()
        self.device = device
        error, count = self.runtime.cudaGetDeviceCount()
        if int(error) != 0 or not count:
            name = getattr(error, "name", str(error))
            raise ToolMissingError(f"no CUDA device can be used ({name})", "use --engine reference, or a machine with a GPU")
        if device >= count:
            raise ToolMissingError(f"CUDA device {device} does not exist, there are {count}", f"--device 0 to {count - 1}")
        self.make_current()
        self.call("cudaFree", 0)  # makes the context now, outside of every measurement

    def make_current(self) -> None:
        """Select the device for the calling thread."""
        self.call("cudaSetDevice", self.device)

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of the runtime.

        Returns:
            Its result: None, one value, or a tuple.

        Raises:
            EngineBroken: The context is lost.
            CaptureError: Any other error.
        """
        error, *values = getattr(self.runtime, function)(*arguments)
        if int(error) != 0:
            raise self.error(function, error)
        if not values:
            return None
        return values[0] if len(values) == 1 else tuple(values)

    def error(self, what: str, error: Any) -> Exception:
        """Return the exception for an error code of the runtime."""
        name = getattr(error, "name", str(error))
        _, text = self.runtime.cudaGetErrorString(error)
        text = text.decode() if isinstance(text, bytes) else str(text)
        message = f"{what}: {name} ({text})"
        if name in _STICKY_ERRORS:
            return EngineBroken(message)
        hint = "use a smaller shape, or --cache warm" if "MemoryAllocation" in name else "see the CUDA documentation of this error"
        return CaptureError(message, hint)

    def error_of_status(self, what: str, status: int) -> Exception:
        """Return the exception for a numeric cudaError_t, as foreign libraries give it."""
        try:
            return self.error(what, self.runtime.cudaError_t(status))
        except ValueError:  # a newer CUDA's error, which these bindings do not know
            return CaptureError(f"{what}: cudaError_t {status}", "see the CUDA documentation of this error")

    def release(self, function: str, *arguments: Any) -> None:
        """Give something back; after a lost context that fails, which changes nothing any more."""
        getattr(self.runtime, function)(*arguments)

    def allocate(self, size_bytes: int) -> int:
        """Allocate device memory and return its address."""
        return int(self.call("cudaMalloc", max(size_bytes, 1)))

    def upload(self, address: int, values: np.ndarray) -> None:
        """Copy a contiguous host array to the device."""
        if values.nbytes:
            self.call("cudaMemcpy", address, values.ctypes.data, values.nbytes, self.runtime.cudaMemcpyKind.cudaMemcpyHostToDevice)

    def download(self, address: int, values: np.ndarray) -> None:
        """Copy from the device into a contiguous host array."""
        if values.nbytes:
            self.call("cudaMemcpy", values.ctypes.data, address, values.nbytes, self.runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost)

    def copy(self, target: int, source: int, size_bytes: int) -> None:
        """Copy within the device."""
        if size_bytes:
            self.call("cudaMemcpy", target, source, size_bytes, self.runtime.cudaMemcpyKind.cudaMemcpyDeviceToDevice)

    def fill(self, address: int, byte: int, size_bytes: int) -> None:
        """Set bytes of device memory, and wait for it."""
        if size_bytes:
            self.call("cudaMemset", address, byte, size_bytes)
            self.synchronize()

    def synchronize(self) -> None:
        """Wait for the whole device."""
        self.call("cudaDeviceSynchronize")

    def create_stream(self) -> Any:
        """Make a stream that does not wait for the default stream."""
        return self.call("cudaStreamCreateWithFlags", self.runtime.cudaStreamNonBlocking)

    def create_event(self) -> Any:
        """Make an event with a time stamp."""
        return self.call("cudaEventCreate")

    def elapsed_ns(self, start: Any, end: Any) -> int:
        """Return the time between two events that the device has passed, in ns."""
        return round(float(self.call("cudaEventElapsedTime", start, end)) * 1e6)

    def free_bytes(self) -> int:
        """Return the device memory that is free."""
        return int(self.call("cudaMemGetInfo")[0])

    def versions(self) -> dict[str, str]:
        """Return the CUDA versions of driver and runtime, and the driver's own."""
        found = {
            "driver": _version(self.call("cudaDriverGetVersion")),
            "cuda_runtime": _version(self.call("cudaRuntimeGetVersion")),
        }
        with Nvml() as nvml:
            display = nvml.driver_version()
        return {**found, **({"display_driver": display} if display else {})}

    def facts(self) -> dict[str, Any]:
        """Return the `device` object of docs/formats.md."""
        properties = self.call("cudaGetDeviceProperties", self.device)
        attribute = self.attribute
        memory_clock = attribute("MemoryClockRate", 1000)
        bus_bits = attribute("GlobalMemoryBusWidth")
        bandwidth = memory_clock * bus_bits // _BITS_PER_BYTE * _TRANSFERS_PER_CLOCK if memory_clock and bus_bits else None
        name = properties.name
        return {
            "name": (name.decode() if isinstance(name, bytes) else str(name)).strip("\0"),
            "uuid": _uuid(properties),
            "ordinal": self.device,
            "compute_capability": f"{properties.major}.{properties.minor}",
            "sm_count": properties.multiProcessorCount,
            "sm_clock_hz": attribute("ClockRate", 1000),
            "memory_clock_hz": memory_clock,
            "memory_bandwidth_bytes_per_s": bandwidth,
            "l2_cache_bytes": properties.l2CacheSize,
            "total_memory_bytes": properties.totalGlobalMem,
            "max_threads_per_sm": properties.maxThreadsPerMultiProcessor,
            "max_blocks_per_sm": attribute("MaxBlocksPerMultiprocessor"),
            "registers_per_sm": properties.regsPerMultiprocessor,
            "shared_memory_per_sm_bytes": properties.sharedMemPerMultiprocessor,
        }

    def attribute(self, name: str, factor: int = 1) -> int | None:
        """Return a device attribute, `cudaDevAttr` left out of its name; None when the driver does not know it."""
        key = getattr(self.runtime.cudaDeviceAttr, f"cudaDevAttr{name}", None)
        if key is None:
            return None
        error, value = self.runtime.cudaDeviceGetAttribute(key, self.device)
        return None if int(error) != 0 or not value else int(value) * factor


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"


def _uuid(properties: Any) -> str | None:
    raw = properties.uuid.bytes
    data = bytes(raw) if not isinstance(raw, bytes) else raw
    if len(data) < 16:
        return None
    text = data[:16].hex()
    return f"GPU-{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"


class StreamGate:
    """Holds a stream back while the host enqueues, so that no launch gap stands between the events of an iteration.

    The stream waits for a number in host memory to reach a value; opening writes it. No kernel is involved, so a recording
    shows nothing of it.

    Args:
        cuda: The device.

    Source: CUDA Driver API, Stream Memory Operations, cuStreamWaitValue32.
    """

    def __init__(self, cuda: Cuda) -> None:
        self._cuda = cuda
        self._host = int(cuda.call("cudaHostAlloc", 4, cuda.runtime.cudaHostAllocMapped))
        self._value = ctypes.c_uint32.from_address(self._host)
        self._value.value = 0
        try:
            self._address = int(cuda.call("cudaHostGetDevicePointer", self._host, 0))
        except BaseException:
            cuda.release("cudaFreeHost", self._host)
            raise
        self._turn = 0
        self.works = True

    def close(self, stream: Any) -> None:
        """Hold what is enqueued from now on; where the device cannot do that, `works` turns False."""
        if not self.works:
            return
        self._turn += 1
        driver = self._cuda.driver
        flag = driver.CUstreamWaitValue_flags.CU_STREAM_WAIT_VALUE_GEQ
        (error,) = driver.cuStreamWaitValue32(
            driver.CUstream(int(stream)), driver.CUdeviceptr(self._address), self._turn, int(flag)
        )
        self.works = int(error) == 0

    def open(self) -> None:
        """Let the stream run."""
        self._value.value = self._turn

    def release(self) -> None:
        """Give the host memory back."""
        self.open()
        self._cuda.release("cudaFreeHost", self._host)
