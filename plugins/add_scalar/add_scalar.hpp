/// @file
/// What add_scalar is: y = x + scalar.
#pragma once

#include "../elementwise/elementwise_op.hpp"

namespace profiler::plugins::add_scalar {

class Facts : public elementwise::ElementwiseOp<Facts> {
 public:
  static constexpr auto kFields =
      elementwise::withLaunchFields(Field{"scalar", FieldType::kFloat32, "the number that is added: y = x + scalar", 1.0, -3e38, 3e38});
  static constexpr OpInfo kInfo = elementwise::describe("add_scalar", "ProfilerAddScalar", "1", "y = x + scalar", kFields);

  static double scalar(Attributes const& attributes) noexcept { return attributes.numberAt(0); }
  static double formula(Attributes const& attributes, double x) noexcept { return x + scalar(attributes); }

  /// float32 is the correctly rounded sum. Half types round the float32 sum once more, which can move a tie by one unit.
  Tolerance tolerance(Attributes const&, ElementType type) const noexcept override {
    return Tolerances{{0.0, 0.0}, {0x1p-24, 0x1p-10}, {0.0, 0x1p-7}}.of(type);
  }

  bool mapsZeroToZero(Attributes const& attributes) const noexcept override { return scalar(attributes) == 0.0; }

  /// Takes `scalar`, the first of the op's attributes.
  NativeOp const* native() const noexcept override {
    using Kind = NativeLayer::Kind;
    static constexpr NativeLayer kLayers[] = {{Kind::kConstant, "scalar", {0}}, {Kind::kSum, "add_scalar", {0, 1}}};
    static constexpr NativeOp kSum = {"native_add_scalar", "y = x + scalar, IConstantLayer and IElementWiseLayer",
                                      {kLayers, 2},        formula,
                                      kOneRounding,        {kFields.data(), 1}};
    return &kSum;
  }
};

}  // namespace profiler::plugins::add_scalar
