/// @file
/// What swish is: y = x * sigmoid(beta * x).
#pragma once

#include <cmath>

#include "../elementwise/elementwise_op.hpp"

namespace profiler::plugins::swish {

/// x / (1 + exp(-beta * x)) in IEEE double arithmetic. Where beta * x is minus infinity the quotient of infinities is NaN, as in
/// PyTorch's silu and in x * sigmoid(x); the kernels agree.
inline double swish(double beta, double x) noexcept { return x / (1.0 + std::exp(-beta * x)); }

class Facts : public elementwise::ElementwiseOp<Facts> {
 public:
  static constexpr auto kFields = elementwise::withLaunchFields(
      Field{"beta", FieldType::kFloat32, "slope inside the sigmoid: y = x * sigmoid(beta * x)", 1.0, -1e6, 1e6});
  static constexpr OpInfo kInfo = elementwise::describe("swish", "ProfilerSwish", "1", "y = x * sigmoid(beta * x)", kFields);

  static double beta(Attributes const& attributes) noexcept { return attributes.numberAt(0); }
  static double formula(Attributes const& attributes, double x) noexcept { return swish(beta(attributes), x); }

  /// The kernels take the hardware's exp2 and reciprocal. Their relative error grows with |beta * x| (rounding of the exponent) while
  /// the result itself decays exponentially there, so that the absolute error is below 2e-8 / |beta|; half types add one rounding of
  /// the result, which in subnormal float16 is 2^-24 whatever the result. Below a slope of 5e-3 only |x| in the thousands comes near
  /// the bound.
  Tolerance tolerance(Attributes const& attributes, ElementType type) const noexcept override {
    double const absolute = 1e-7 / std::fmax(std::fabs(beta(attributes)), 5e-3);
    return Tolerances{{absolute, 1e-6}, {std::fmax(absolute, 0x1p-24), 0x1p-10}, {absolute, 0x1p-7}}.of(type);
  }

  bool mapsZeroToZero(Attributes const&) const noexcept override { return true; }

  NativeOp const* native() const noexcept override {
    using Kind = NativeLayer::Kind;
    static constexpr NativeLayer kLayers[] = {{Kind::kSigmoid, "sigmoid", {0}}, {Kind::kProduct, "mul", {0, 1}}};
    static constexpr NativeOp kSilu = {"native_silu",
                                       "y = x * sigmoid(x), IActivationLayer and IElementWiseLayer, fused by TensorRT",
                                       {kLayers, 2},
                                       [](Attributes const&, double x) { return swish(1.0, x); },
                                       kActivation};
    return &kSilu;
  }

  char const* torch() const noexcept override { return "silu"; }
};

}  // namespace profiler::plugins::swish
