/// The driver's own kernels: seeded fill, cache flush and the delay that hides launch gaps. None of them runs inside an `iteration`.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "tensor_spec.hpp"

namespace profiler::driver {

/// Fills a device tensor with the values that `inputElement` gives on the host.
void enqueueFill(void* data, TensorSpec const& spec, std::uint64_t seed, std::uint64_t inputIndex, cudaStream_t stream);

/// Reads `byteCount` bytes so that they replace what the L2 holds; leaves no dirty line behind.
void enqueueCacheFlush(void const* data, std::size_t byteCount, cudaStream_t stream);

/// Keeps the stream busy for about `nanoseconds`, so that work queued behind it starts without waiting for the host.
void enqueueDelay(std::int64_t nanoseconds, cudaStream_t stream);

}  // namespace profiler::driver
