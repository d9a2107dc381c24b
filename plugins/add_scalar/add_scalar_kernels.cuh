/// @file
/// The kernels of add_scalar.
#pragma once

#include "../elementwise/kernel_bodies.cuh"

namespace profiler::plugins::add_scalar {

struct AddScalarFunctor {
  float scalar;

  __device__ __forceinline__ float operator()(float x) const { return x + scalar; }
};

template <typename T, int32_t kItems>
__global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) add_scalar_scalar_kernel(elementwise::Extent extent, AddScalarFunctor add) {
  elementwise::mapElements<T, kItems>(extent, add);
}

template <typename T, int32_t kItems, elementwise::CachePolicy kCache>
__global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) add_scalar_vectorized_kernel(elementwise::Extent extent, AddScalarFunctor add) {
  elementwise::mapPacketsOnce<T, kItems, kCache>(extent, add);
}

template <typename T, int32_t kItems, elementwise::CachePolicy kCache>
__global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) add_scalar_grid_stride_kernel(elementwise::Extent extent, AddScalarFunctor add) {
  elementwise::mapPacketsPersistent<T, kItems, kCache>(extent, add);
}

}  // namespace profiler::plugins::add_scalar
