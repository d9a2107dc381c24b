/// @file
/// The kernels of add_scalar.
#include "../elementwise/elementwise_kernels.cuh"
#include "add_scalar.hpp"

namespace profiler::plugins::add_scalar {

struct AddScalarFunctor {
  float scalar;

  explicit AddScalarFunctor(Attributes const& attributes) : scalar(static_cast<float>(Facts::scalar(attributes))) {}

  __device__ __forceinline__ float operator()(float x) const { return x + scalar; }
};

PROFILER_ELEMENTWISE_OP(add_scalar, AddScalarFunctor)

}  // namespace profiler::plugins::add_scalar
