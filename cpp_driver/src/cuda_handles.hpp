/// Move-only owners of CUDA objects. Destructors release and log what fails; they never throw.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdio>
#include <utility>

#include "cuda_check.hpp"

namespace profiler::driver {

/// Whether an error has made the CUDA context unusable, so that every later call fails with it.
/// Source: CUDA Runtime API, cudaError_t: the errors that leave the process in an inconsistent state.
inline bool isContextLost(cudaError_t status) noexcept {
  switch (status) {
    case cudaErrorIllegalAddress:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorIllegalInstruction:
    case cudaErrorHardwareStackError:
    case cudaErrorLaunchFailure:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorECCUncorrectable: return true;
    default: return false;
  }
}

/// Reports a failed release on stderr. A lost context refuses every release; that was reported once, where it was lost.
inline void logFailedRelease(cudaError_t status, char const* call) noexcept {
  if (status != cudaSuccess && status != cudaErrorCudartUnloading && !isContextLost(status)) {
    std::fprintf(stderr, "warning: %s: %s\n", call, cudaGetErrorString(status));
  }
}

/// Owns one handle; `Traits::release` gives it back and `Traits::kName` names the call in the log.
template <typename Traits>
class CudaHandle {
 public:
  using Value = typename Traits::Value;
  CudaHandle() = default;
  explicit CudaHandle(Value value) : mValue(value) {}
  ~CudaHandle() { reset(); }
  CudaHandle(CudaHandle&& other) noexcept : mValue(std::exchange(other.mValue, Value{})) {}
  CudaHandle& operator=(CudaHandle&& other) noexcept {
    if (this != &other) {
      reset();
      mValue = std::exchange(other.mValue, Value{});
    }
    return *this;
  }
  Value get() const { return mValue; }
  void reset() noexcept {
    if (mValue != Value{}) logFailedRelease(Traits::release(std::exchange(mValue, Value{})), Traits::kName);
  }

 private:
  Value mValue{};
};

struct StreamTraits {
  using Value = cudaStream_t;
  static constexpr char const* kName = "cudaStreamDestroy";
  static cudaError_t release(Value value) { return cudaStreamDestroy(value); }
};
struct EventTraits {
  using Value = cudaEvent_t;
  static constexpr char const* kName = "cudaEventDestroy";
  static cudaError_t release(Value value) { return cudaEventDestroy(value); }
};
struct GraphTraits {
  using Value = cudaGraph_t;
  static constexpr char const* kName = "cudaGraphDestroy";
  static cudaError_t release(Value value) { return cudaGraphDestroy(value); }
};
struct GraphExecTraits {
  using Value = cudaGraphExec_t;
  static constexpr char const* kName = "cudaGraphExecDestroy";
  static cudaError_t release(Value value) { return cudaGraphExecDestroy(value); }
};
struct DeviceMemoryTraits {
  using Value = void*;
  static constexpr char const* kName = "cudaFree";
  static cudaError_t release(Value value) { return cudaFree(value); }
};
struct PinnedMemoryTraits {
  using Value = void*;
  static constexpr char const* kName = "cudaFreeHost";
  static cudaError_t release(Value value) { return cudaFreeHost(value); }
};

using Stream = CudaHandle<StreamTraits>;
using Event = CudaHandle<EventTraits>;
using Graph = CudaHandle<GraphTraits>;
using GraphExec = CudaHandle<GraphExecTraits>;
using DeviceMemory = CudaHandle<DeviceMemoryTraits>;
using PinnedMemory = CudaHandle<PinnedMemoryTraits>;

inline Stream makeStream(unsigned int flags) {
  cudaStream_t stream = nullptr;
  CUDA_CHECK(cudaStreamCreateWithFlags(&stream, flags));
  return Stream(stream);
}

/// An event that takes time stamps.
inline Event makeEvent() {
  cudaEvent_t event = nullptr;
  CUDA_CHECK(cudaEventCreate(&event));
  return Event(event);
}

/// Allocates device memory; zero bytes give an empty handle.
inline DeviceMemory allocateDevice(std::size_t byteCount) {
  void* data = nullptr;
  if (byteCount > 0) CUDA_CHECK(cudaMalloc(&data, byteCount));
  return DeviceMemory(data);
}

inline PinnedMemory allocatePinned(std::size_t byteCount) {
  void* data = nullptr;
  if (byteCount > 0) CUDA_CHECK(cudaMallocHost(&data, byteCount));
  return PinnedMemory(data);
}

}  // namespace profiler::driver
