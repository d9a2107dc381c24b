/// @file
/// The kernels of swish.
#include "../elementwise/elementwise_kernels.cuh"
#include "swish.hpp"

namespace profiler::plugins::swish {

/// x * sigmoid(beta * x) with two special-function instructions: exp2 and reciprocal, both flushing subnormals.
/// exp2 overflows to infinity, whose reciprocal is 0, so a finite x gives a zero of its sign; NaN and infinities follow IEEE rules.
struct SwishFunctor {
  float negativeBetaLog2E;

  explicit SwishFunctor(Attributes const& attributes)
      : negativeBetaLog2E(-static_cast<float>(Facts::beta(attributes)) * 1.44269504088896340736f) {}

  __device__ __forceinline__ float operator()(float x) const {
    float power;
    float sigmoid;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(x * negativeBetaLog2E));
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(sigmoid) : "f"(1.0f + power));
    return x * sigmoid;
  }
};

PROFILER_ELEMENTWISE_OP(swish, SwishFunctor)

}  // namespace profiler::plugins::swish
