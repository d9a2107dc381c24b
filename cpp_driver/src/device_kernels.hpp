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

/// Sets `flags[k]` to 1 for each of `count` blocks of bytes that differs from `like`; block k begins at `first + k * stride`. Blocks and
/// stride are multiples of 4 bytes apart and begin at such addresses.
void enqueueCompareSets(void const* first, void const* like, std::size_t byteCount, std::size_t stride, std::size_t count,
                        std::uint32_t* flags, cudaStream_t stream);

/// Keeps the stream busy for about `nanoseconds`, so that work queued behind it starts without waiting for the host.
void enqueueDelay(std::int64_t nanoseconds, cudaStream_t stream);

}  // namespace profiler::driver
