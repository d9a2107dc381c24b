/// @file
/// The parts of an op that all ops share, and the rule by which a result element passes.
#include "op.hpp"

#include <cmath>

namespace profiler::plugins {

char const* Op::refusal(Attributes const& attributes, TensorView const* inputs, TensorView const* outputs) const noexcept {
  return describeLaunch(attributes, DeviceInfo{}, inputs, outputs).refusal;
}

void Op::describeOutputs(TensorView const* inputs, TensorView* outputs) const noexcept {
  Span<OutputRule const> const rules = info().outputs;
  for (int64_t index = 0; index < rules.size(); ++index) {
    outputs[index].shape = inputs[rules[index].shapeOfInput].shape;
    outputs[index].type = inputs[rules[index].typeOfInput].type;
  }
}

size_t Op::workspaceBytes(Attributes const&, TensorView const*, TensorView const*) const noexcept { return 0; }

int64_t Op::bytesPerIteration(TensorView const* inputs, TensorView const* outputs) const noexcept {
  int64_t bytes = 0;
  for (int32_t index = 0; index < info().inputCount; ++index) {
    bytes += inputs[index].sizeBytes();
  }
  for (int64_t index = 0; index < info().outputs.size(); ++index) {
    bytes += outputs[index].sizeBytes();
  }
  return bytes;
}

bool withinTolerance(double actual, double expected, ElementType type, Tolerance tolerance) noexcept {
  double const rounded = roundToType(type, expected);
  if (std::isnan(rounded) || std::isnan(actual)) {
    return std::isnan(rounded) && std::isnan(actual);
  }
  if (std::isinf(rounded) || std::isinf(actual)) {
    return actual == rounded;
  }
  return std::fabs(actual - rounded) <= tolerance.absolute + tolerance.relative * std::fabs(rounded);
}

}  // namespace profiler::plugins
