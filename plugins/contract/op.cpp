/// @file
/// The parts of an op that all ops share, and the rule by which a result element passes.
#include "op.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

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
  auto const add = [&bytes](TensorView const& tensor) {
    int64_t const size = tensor.sizeBytes();
    bytes = bytes < 0 || size < 0 || size > std::numeric_limits<int64_t>::max() - bytes ? -1 : bytes + size;
  };
  std::for_each(inputs, inputs + info().inputCount, add);
  std::for_each(outputs, outputs + info().outputs.size(), add);
  return bytes;
}

Outcome checkOpInfo(OpInfo const& info) {
  if (info.fields.size() > kMaxFields) {
    return Outcome::failure("found " + std::to_string(info.fields.size()) + " attributes, expected at most " + std::to_string(kMaxFields) +
                            ": drop some or raise kMaxFields in contract/field.hpp");
  }
  if (info.inputCount < 1 || info.inputCount > kMaxTensors || info.outputs.size() < 1 || info.outputs.size() > kMaxTensors) {
    return Outcome::failure("found " + std::to_string(info.inputCount) + " inputs and " + std::to_string(info.outputs.size()) +
                            " outputs, expected 1 to " + std::to_string(kMaxTensors) + " of each");
  }
  for (OutputRule const& rule : info.outputs) {
    bool const known =
        rule.shapeOfInput >= 0 && rule.shapeOfInput < info.inputCount && rule.typeOfInput >= 0 && rule.typeOfInput < info.inputCount;
    if (!known) {
      return Outcome::failure("an output takes its shape or type from an input that the op does not have");
    }
  }
  return info.types.empty() ? Outcome::failure("found no element type, expected at least one") : Outcome::success();
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
