/// @file
/// The three ways an elementwise kernel walks its elements. An op's kernels are one call each, so that profilers show them under the
/// op's own name.
#pragma once

#include <cstdint>

#include "element_access.cuh"
#include "extent.hpp"

// Where a multiprocessor holds 2048 threads, up to four packets in flight must fit 32 registers so that it can be full.
#if defined(__CUDA_ARCH__) && (__CUDA_ARCH__ == 800 || __CUDA_ARCH__ == 900 || __CUDA_ARCH__ == 1000 || __CUDA_ARCH__ == 1030)
#define PROFILER_MIN_BLOCKS(items) ((items) <= 4 ? 2 : 1)
#else
#define PROFILER_MIN_BLOCKS(items) 1
#endif
#define PROFILER_ELEMENTWISE_BOUNDS(items) __launch_bounds__(::profiler::plugins::elementwise::kMaxBlock, PROFILER_MIN_BLOCKS(items))

namespace profiler::plugins::elementwise {

/// One tile of `blockDim.x * kItems` elements a block, neighbouring threads on neighbouring elements.
template <typename T, int32_t kItems, typename Function>
__device__ __forceinline__ void mapElements(Extent const& extent, Function const& function) {
  T const* const input = static_cast<T const*>(extent.input);
  T* const output = static_cast<T*>(extent.output);
  int64_t const first = static_cast<int64_t>(blockIdx.x) * (blockDim.x * kItems) + threadIdx.x;
  T values[kItems];
#pragma unroll
  for (int32_t item = 0; item < kItems; ++item) {
    int64_t const index = first + item * blockDim.x;
    if (index < extent.elementCount) values[item] = input[index];
  }
#pragma unroll
  for (int32_t item = 0; item < kItems; ++item) {
    int64_t const index = first + item * blockDim.x;
    if (index < extent.elementCount) output[index] = narrow<T>(function(widen(values[item])));
  }
}

/// The elements before the first and after the last packet, by the first threads of one block. Both counts are below 8.
template <typename T, typename Function>
__device__ __forceinline__ void mapEdges(Extent const& extent, Function const& function) {
  constexpr int32_t kPerPacket = kPacketBytes / sizeof(T);
  T const* const input = static_cast<T const*>(extent.input);
  T* const output = static_cast<T*>(extent.output);
  int64_t const tailStart = extent.headCount + extent.packetCount * kPerPacket;
  if (threadIdx.x < extent.headCount) output[threadIdx.x] = narrow<T>(function(widen(input[threadIdx.x])));
  if (threadIdx.x < extent.elementCount - tailStart) {
    output[tailStart + threadIdx.x] = narrow<T>(function(widen(input[tailStart + threadIdx.x])));
  }
}

/// One tile of packets. A whole tile issues all its loads before the first store, without a bounds check between them.
template <typename T, int32_t kItems, CachePolicy kCache, typename Function>
__device__ __forceinline__ void mapTile(uint4 const* input, uint4* output, int64_t remaining, Function const& function) {
  uint4 packets[kItems];
  if (remaining >= static_cast<int64_t>(blockDim.x) * kItems) {
#pragma unroll
    for (int32_t item = 0; item < kItems; ++item) packets[item] = loadPacket<kCache>(input + threadIdx.x + item * blockDim.x);
#pragma unroll
    for (int32_t item = 0; item < kItems; ++item) {
      storePacket<kCache>(output + threadIdx.x + item * blockDim.x, mapPacket<T>(packets[item], function));
    }
    return;
  }
  for (int32_t index = threadIdx.x; index < remaining; index += blockDim.x) {
    storePacket<kCache>(output + index, mapPacket<T>(loadPacket<kCache>(input + index), function));
  }
}

template <typename T>
__device__ __forceinline__ uint4 const* packetInput(Extent const& extent) {
  return reinterpret_cast<uint4 const*>(static_cast<T const*>(extent.input) + extent.headCount);
}

template <typename T>
__device__ __forceinline__ uint4* packetOutput(Extent const& extent) {
  return reinterpret_cast<uint4*>(static_cast<T*>(extent.output) + extent.headCount);
}

/// One tile of packets a block; the last block also computes the edges.
template <typename T, int32_t kItems, CachePolicy kCache, typename Function>
__device__ __forceinline__ void mapPacketsOnce(Extent const& extent, Function const& function) {
  int64_t const first = static_cast<int64_t>(blockIdx.x) * (blockDim.x * kItems);
  mapTile<T, kItems, kCache>(packetInput<T>(extent) + first, packetOutput<T>(extent) + first, extent.packetCount - first, function);
  if (blockIdx.x == gridDim.x - 1) mapEdges<T>(extent, function);
}

/// Tiles of packets in strides of the whole grid; the last block also computes the edges.
template <typename T, int32_t kItems, CachePolicy kCache, typename Function>
__device__ __forceinline__ void mapPacketsPersistent(Extent const& extent, Function const& function) {
  int64_t const tile = static_cast<int64_t>(blockDim.x) * kItems;
  int64_t const stride = tile * gridDim.x;
  for (int64_t first = tile * blockIdx.x; first < extent.packetCount; first += stride) {
    mapTile<T, kItems, kCache>(packetInput<T>(extent) + first, packetOutput<T>(extent) + first, extent.packetCount - first, function);
  }
  if (blockIdx.x == gridDim.x - 1) mapEdges<T>(extent, function);
}

}  // namespace profiler::plugins::elementwise
