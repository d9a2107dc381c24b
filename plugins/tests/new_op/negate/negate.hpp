/// @file
/// What negate is: y = -x. An op without attributes of its own.
#pragma once

#include "../elementwise/elementwise_op.hpp"

namespace profiler::plugins::negate {

class Facts : public elementwise::ElementwiseOp<Facts> {
 public:
  static constexpr auto kFields = elementwise::withLaunchFields();
  static constexpr OpInfo kInfo = elementwise::describe("negate", "ProfilerNegate", "1", "y = -x", kFields);

  static double formula(Attributes const&, double x) noexcept { return -x; }
  Tolerance tolerance(Attributes const&, ElementType) const noexcept override { return {}; }
  bool mapsZeroToZero(Attributes const&) const noexcept override { return true; }
};

}  // namespace profiler::plugins::negate
