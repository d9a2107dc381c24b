"""The few functions of the CUDA bindings for Python that engines call, on a device that is not there."""

import enum
from types import SimpleNamespace


class Error(enum.IntEnum):
    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorNoDevice = 100
    cudaErrorIllegalAddress = 700


class FakeCuda:
    """`runtime` is what `profiler.engines.cuda_runtime.load_runtime` returns; `fail` names the functions that fail, and how."""

    def __init__(self, devices=1):
        self.fail, self.blocks, self.next_address = {}, {}, 0x1000
        self.runtime = SimpleNamespace(
            cudaError_t=Error,
            cudaGetErrorString=lambda error: (Error.cudaSuccess, b"in words"),
            cudaGetDeviceCount=lambda: (Error.cudaSuccess, devices) if devices else (Error.cudaErrorNoDevice, None),
            cudaSetDevice=lambda device: self._answer("cudaSetDevice"),
            cudaMalloc=lambda size: self._answer("cudaMalloc", self._block(size)),
            cudaFree=self._free,
            cudaDeviceSynchronize=lambda: self._answer("cudaDeviceSynchronize"),
            cudaRuntimeGetVersion=lambda: self._answer("cudaRuntimeGetVersion", 12060),
        )

    def _answer(self, name, *values):
        error = self.fail.get(name, Error.cudaSuccess)
        return (error, *(values if error == 0 else (None for _ in values)))

    def _block(self, size):
        if "cudaMalloc" not in self.fail:
            self.next_address += 0x1000
            self.blocks[self.next_address] = size
        return self.next_address

    def _free(self, address):
        if address:
            del self.blocks[address]
        return self._answer("cudaFree")
