/// @file
/// The parts of an op that all ops share, and the rule by which a result element passes.
#include "op.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace profiler::plugins {

Span<char const* const> OpInfo::variants() const noexcept {
  for (Field const& field : fields) {
    if (std::string_view(field.name) == "variant") return field.choices;
  }
  return {};
}

char const* Op::describeInputs(Attributes const& attributes, Shape const& shape, ElementType type, TensorView* inputs) const noexcept {
  std::fill_n(inputs, inputCount(attributes), TensorView{type, shape, nullptr});
  return nullptr;
}

void Op::describeOutputs(Attributes const& attributes, TensorView const* inputs, TensorView* outputs) const noexcept {
  int32_t ranks[kMaxTensors] = {};
  std::transform(inputs, inputs + inputCount(attributes), ranks, [](TensorView const& input) { return input.shape.rank; });
  for (int32_t index = 0; index < outputCount(attributes); ++index) {
    OutputShape const shape = outputShape(attributes, index, ranks);
    outputs[index].type = inputs[info().outputs[index].typeOfInput].type;
    outputs[index].shape.rank = shape.rank;
    for (int32_t axis = 0; axis < std::min(shape.rank, kMaxRank); ++axis) {
      OutputExtent const& extent = shape.extents[axis];
      int64_t const known = extent.input < 0 ? 1 : inputs[extent.input].shape.dims[extent.axis];
      bool const fits = known <= kMaxElements / extent.factor;
      outputs[index].shape.dims[axis] = fits ? (known * extent.factor + extent.divisor - 1) / extent.divisor : -1;
    }
  }
}

OutputShape Op::outputShape(Attributes const&, int32_t output, int32_t const* inputRanks) const noexcept {
  int32_t const input = info().outputs[output].shapeOfInput;
  OutputShape shape{inputRanks[input]};
  for (int32_t axis = 0; axis < std::min(shape.rank, kMaxRank); ++axis) shape.extents[axis] = {input, axis};
  return shape;
}

bool Op::takesType(Attributes const&, ElementType const* types, int32_t position) const noexcept {
  Span<ElementType const> const known = info().types;
  return types[position] == types[0] && std::find(known.begin(), known.end(), types[0]) != known.end();
}

char const* Op::refusal(Attributes const& attributes, TensorView const* inputs, TensorView const* outputs) const noexcept {
  return describeLaunch(attributes, DeviceInfo{}, inputs, outputs).refusal;
}

cudaError_t Op::launch(Attributes const&, LaunchContext const&, TensorView const*, TensorView const*) const noexcept {
  return cudaErrorInvalidDeviceFunction;
}

int64_t Op::bytesPerIteration(Attributes const& attributes, TensorView const* inputs, TensorView const* outputs) const noexcept {
  int64_t bytes = 0;
  auto const add = [&bytes](TensorView const& tensor) {
    int64_t const size = tensor.sizeBytes();
    bytes = bytes < 0 || size < 0 || size > std::numeric_limits<int64_t>::max() - bytes ? -1 : bytes + size;
  };
  std::for_each(inputs, inputs + inputCount(attributes), add);
  std::for_each(outputs, outputs + outputCount(attributes), add);
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
    if (!known) return Outcome::failure("an output takes its shape or type from an input that the op does not have");
  }
  return info.types.empty() ? Outcome::failure("found no element type, expected at least one") : Outcome::success();
}

bool withinTolerance(double actual, double expected, ElementType type, Tolerance tolerance) noexcept {
  double const rounded = roundToType(type, expected);
  if (std::isnan(rounded) || std::isnan(actual)) return std::isnan(rounded) && std::isnan(actual);
  if (std::isinf(rounded) || std::isinf(actual)) return actual == rounded;
  return std::fabs(actual - rounded) <= tolerance.absolute + tolerance.relative * std::fabs(rounded);
}

}  // namespace profiler::plugins
