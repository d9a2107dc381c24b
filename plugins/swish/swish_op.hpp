/// @file
/// What swish is: y = x * sigmoid(beta * x), its attributes, its float64 reference and how exact its results are.
#pragma once

#include <cmath>

#include "../contract/contract.hpp"
#include "../elementwise/launch_fields.hpp"

namespace profiler::plugins::swish {

inline constexpr float kLog2E = 1.44269504088896340736f;

inline constexpr Field kOwnFields[] = {
    {"beta", FieldType::kFloat32, "slope inside the sigmoid: y = x * sigmoid(beta * x)", 1.0, -1e6, 1e6},
};
inline constexpr auto kFields = elementwise::withLaunchFields(kOwnFields);
inline constexpr OutputRule kOutputs[] = {{0, 0}};
inline constexpr char const* kKernelNames[] = {"", "swish_scalar_kernel", "swish_vectorized_kernel", "swish_grid_stride_kernel"};

inline constexpr OpInfo kInfo = {"swish",
                                 "ProfilerSwish",
                                 "1",
                                 "y = x * sigmoid(beta * x)",
                                 1,
                                 {kOutputs, 1},
                                 {kFields.data(), static_cast<int64_t>(kFields.size())},
                                 {elementwise::kVariantNames, 4},
                                 {kElementTypes, 3},
                                 true};

inline float beta(Attributes const& attributes) noexcept { return static_cast<float>(attributes.numberAt(0)); }

/// x / (1 + exp(-beta * x)) in IEEE double arithmetic. Where beta * x is minus infinity the quotient of infinities is NaN, as in
/// PyTorch's silu and in x * sigmoid(x); the kernels agree.
inline double reference(Attributes const& attributes, double x) noexcept {
  return x / (1.0 + std::exp(-static_cast<double>(beta(attributes)) * x));
}

/// The kernels take the hardware's exp2 and reciprocal. Their relative error grows with |beta * x| (rounding of the exponent) while
/// the result itself decays exponentially there, so that the absolute error is below 2e-8 / |beta|; half types add one rounding of the
/// result, which in subnormal float16 is 2^-24 whatever the result. Below a slope of 5e-3 only |x| in the thousands comes near the bound.
inline Tolerance tolerance(Attributes const& attributes, ElementType type) noexcept {
  double const slope = std::fabs(static_cast<double>(beta(attributes)));
  double const absolute = 1e-7 / std::fmax(slope, 5e-3);
  switch (type) {
    case ElementType::kFloat32: return {absolute, 1e-6};
    case ElementType::kFloat16: return {std::fmax(absolute, 0x1p-24), 0x1p-10};
    default: return {absolute, 0x1p-7};
  }
}

}  // namespace profiler::plugins::swish
