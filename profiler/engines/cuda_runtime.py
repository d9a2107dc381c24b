"""The CUDA calls that the GPU engines make, through cuda-python 12 or 13, with errors as exceptions."""

from __future__ import annotations

from typing import Any

from profiler.engines.base import import_first
from profiler.errors import CaptureError, ToolMissingError

INSTALL_HINT = "pip install cuda-python cupti-python pyelftools"


def load_runtime() -> Any:
    """Return the module of the runtime API.

    Raises:
        ToolMissingError: cuda-python is not installed.
    """
    return import_first(("cuda.bindings.runtime", "cuda.cudart"), "the CUDA bindings for Python", INSTALL_HINT)


class Cuda:
    """One CUDA device, made current for the calling thread.

    Args:
        device: CUDA device ordinal.

    Raises:
        ToolMissingError: No bindings, no driver or no such device.
    """

    def __init__(self, device: int = 0) -> None:
        self.runtime = load_runtime()
        error, count = self.runtime.cudaGetDeviceCount()
        if int(error) != 0 or not count:
            name = getattr(error, "name", str(error))
            raise ToolMissingError(f"no CUDA device can be used ({name})", "use --engine reference, or a machine with a GPU")
        if device >= count:
            raise ToolMissingError(f"CUDA device {device} does not exist, there are {count}", f"--device 0 to {count - 1}")
        self.call("cudaSetDevice", device)
        self.call("cudaFree", 0)  # makes the context now, outside of every measurement

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of the runtime.

        Returns:
            Its result: None, one value, or a tuple.

        Raises:
            CaptureError: The call fails.
        """
        error, *values = getattr(self.runtime, function)(*arguments)
        if int(error) != 0:
            raise self.error(function, error)
        if not values:
            return None
        return values[0] if len(values) == 1 else tuple(values)

    def error(self, what: str, error: Any) -> CaptureError:
        """Return the exception for an error code of the runtime."""
        name = getattr(error, "name", str(error))
        _, text = self.runtime.cudaGetErrorString(error)
        text = text.decode() if isinstance(text, bytes) else str(text)
        hint = "use a smaller shape" if "MemoryAllocation" in name else "see the CUDA documentation of this error"
        return CaptureError(f"{what}: {name} ({text})", hint)

    def error_of_status(self, what: str, status: int) -> CaptureError:
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

    def versions(self) -> dict[str, str]:
        """Return the version of the CUDA runtime."""
        number = self.call("cudaRuntimeGetVersion")
        return {"cuda_runtime": f"{number // 1000}.{number % 1000 // 10}"}
