/// @file
/// An op with one input and one output of the same shape and type, whose elements do not depend on one another. The op states what it
/// computes (plugins/README.md shows one); how it is launched is here once.
#pragma once

#include "../contract/contract.hpp"
#include "../contract/native.hpp"
#include "launch_plan.hpp"

namespace profiler::plugins::elementwise {

/// The facts of an elementwise op. `Facts` states `kInfo` (made with `describe`), `formula(attributes, x)` in double precision,
/// `tolerance` and, where zero stays zero, `mapsZeroToZero`.
template <typename Facts>
class ElementwiseOp : public Op {
 public:
  OpInfo const& info() const noexcept override {
    static_assert(Facts::kInfo.fields.size() <= kMaxFields, "an op has at most 16 attributes: drop some or raise kMaxFields");
    return Facts::kInfo;
  }

  char const* contradiction(Attributes const& attributes) const noexcept override {
    return elementwise::contradiction(Facts::kInfo, attributes);
  }

  LaunchConfig describeLaunch(Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                              TensorView const* outputs) const noexcept override {
    return plan(attributes, device, inputs, outputs).config;
  }

  void reference(Attributes const& attributes, Shape const* inputShapes, double const* const* inputs,
                 double* const* outputs) const override {
    int64_t const count = inputShapes[0].elementCount();
    for (int64_t index = 0; index < count; ++index) outputs[0][index] = Facts::formula(attributes, inputs[0][index]);
  }

 private:
  friend Facts;
  ElementwiseOp() = default;

 protected:
  ~ElementwiseOp() = default;

  static LaunchPlan plan(Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                         TensorView const* outputs) noexcept {
    static constexpr KernelNames kNames = kernelNames(Facts::kInfo.name);
    return planLaunch(Facts::kInfo, kNames, attributes, device, inputs[0], outputs[0]);
  }
};

/// The facts in the order in which they are read. `fields` is what `withLaunchFields` made, and static.
template <typename Fields>
constexpr OpInfo describe(char const* name, char const* pluginName, char const* version, char const* summary, Fields const& fields,
                          Span<ElementType const> types = {kElementTypes, 3}) noexcept {
  OpInfo info{name, pluginName, version, summary, {fields.data(), static_cast<int64_t>(fields.size())}, types};
  info.elementwise = true;
  return info;
}

}  // namespace profiler::plugins::elementwise
