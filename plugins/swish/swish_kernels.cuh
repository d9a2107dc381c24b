/// @file
/// The kernels of swish.
#pragma once

#include "../elementwise/kernel_bodies.cuh"

namespace profiler::plugins::swish {

/// x * sigmoid(beta * x) with two special-function instructions: exp2 and reciprocal, both flushing subnormals.
/// exp2 overflows to infinity, whose reciprocal is 0, so a finite x gives a zero of its sign; NaN and infinities follow IEEE rules.
struct SwishFunctor {
  float negativeBetaLog2E;

  __device__ __forceinline__ float operator()(float x) const {
    float power;
    float sigmoid;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x * negativeBetaLog2E));
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(sigmoid) : "f"(1.0f + power));
    return x * sigmoid;
  }
};

template <typename T, int32_t kItems>
__global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) swish_scalar_kernel(elementwise::Extent extent, SwishFunctor swish) {
  elementwise::mapElements<T, kItems>(extent, swish);
}

template <typename T, int32_t kItems, elementwise::CachePolicy kCache>
__global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) swish_vectorized_kernel(elementwise::Extent extent, SwishFunctor swish) {
  elementwise::mapPacketsOnce<T, kItems, kCache>(extent, swish);
}

template <typename T, int32_t kItems, elementwise::CachePolicy kCache>
__global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) swish_grid_stride_kernel(elementwise::Extent extent, SwishFunctor swish) {
  elementwise::mapPacketsPersistent<T, kItems, kCache>(extent, swish);
}

}  // namespace profiler::plugins::swish
