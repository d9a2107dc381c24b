/// @file
/// The kernels of negate.
#include "../elementwise/elementwise_kernels.cuh"
#include "negate.hpp"

namespace profiler::plugins::negate {

struct NegateFunctor {
  explicit NegateFunctor(Attributes const&) {}

  __device__ __forceinline__ float operator()(float x) const { return -x; }
};

PROFILER_ELEMENTWISE_OP(negate, NegateFunctor)

}  // namespace profiler::plugins::negate
