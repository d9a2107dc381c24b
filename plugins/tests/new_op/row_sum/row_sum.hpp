/// @file
/// What row_sum is: the sums of the chunks of each row of x, or with `scaled` of x times a weight as long as a row. An op that is not
/// elementwise, with an optional input, an output shape of its own, workspace, shared memory and a tile size.
#pragma once

#include <algorithm>

#include "../contract/contract.hpp"

namespace profiler::plugins::row_sum {

inline constexpr char const* kYesNo[] = {"no", "yes"};
inline constexpr char const* kVariants[] = {"auto", "tile"};
inline constexpr Field kFields[] = {
    {"scaled", FieldType::kChoice, "whether a weight follows the input", 0, 0, 0, 1, {}, {kYesNo, 2}},
    {"chunk", FieldType::kInt32, "elements of a row in one sum", 1024, 1, 1 << 20},
    {"variant", FieldType::kChoice, "kernel", 0, 0, 0, 1, {}, {kVariants, 2}, true},
    {"tile", FieldType::kInt32, "elements of a row in shared memory at once", 16384, 256, 32768, 256, {}, {}, true},
};

class Facts : public Op {
 public:
  static constexpr int32_t kThreads = 256;
  static constexpr ElementType kTypes[] = {ElementType::kFloat32};
  static constexpr OpInfo kInfo = {"row_sum", "ProfilerRowSum", "1", "y = sums of the chunks of a row", {kFields, 4}, {kTypes, 1}, 2};

  OpInfo const& info() const noexcept override { return kInfo; }

  static bool scaled(Attributes const& attributes) noexcept { return attributes.integerAt(0) == 1; }
  static int64_t rowLength(Shape const& shape) noexcept { return shape.rank == 0 ? 1 : shape.dims[shape.rank - 1]; }
  static int64_t chunkLength(Attributes const& attributes) noexcept { return attributes.integerAt(1); }
  static int64_t rowCount(Shape const& shape) noexcept { return shape.elementCount() == 0 ? 0 : shape.elementCount() / rowLength(shape); }

  int32_t inputCount(Attributes const& attributes) const noexcept override { return scaled(attributes) ? 2 : 1; }

  char const* describeInputs(Attributes const& attributes, Shape const& shape, ElementType type,
                             TensorView* inputs) const noexcept override {
    inputs[0] = {type, shape, nullptr};
    if (scaled(attributes)) {
      inputs[1] = {type, {1, {rowLength(shape)}}, nullptr};
    }
    return nullptr;
  }

  /// The input's with the number of chunks in place of the last extent.
  OutputShape outputShape(Attributes const& attributes, int32_t output, int32_t const* inputRanks) const noexcept override {
    OutputShape shape = Op::outputShape(attributes, output, inputRanks);
    if (shape.rank > 0) shape.extents[shape.rank - 1].divisor = attributes.integerAt(1);
    return shape;
  }

  LaunchConfig describeLaunch(Attributes const& attributes, DeviceInfo const&, TensorView const* inputs,
                              TensorView const* outputs) const noexcept override {
    LaunchConfig config;
    TensorView expected[kMaxTensors];
    describeOutputs(attributes, inputs, expected);
    bool const fits = outputs[0].shape == expected[0].shape && inputs[0].elementCount() >= 0;
    if (!fits || (scaled(attributes) && inputs[1].elementCount() != rowLength(inputs[0].shape))) {
      config.refusal = "the output must have an element a chunk, and the weight the shape of a row";
      return config;
    }
    config.kernel = "row_sum_tile_kernel";
    config.grid[0] = static_cast<uint32_t>(outputs[0].elementCount());
    config.block[0] = kThreads;
    config.dynamicSharedMemoryBytes = static_cast<uint32_t>(attributes.integerAt(3)) * 4;
    config.resolved = attributes;
    config.resolved.store(2, 1);
    return config;
  }

  /// One sum a chunk, between the two kernels.
  size_t workspaceBytes(Attributes const&, TensorView const*, TensorView const* outputs) const noexcept override {
    return static_cast<size_t>(std::max<int64_t>(outputs[0].elementCount(), 0)) * 4;
  }

  void reference(Attributes const& attributes, Shape const* shapes, double const* const* inputs, double* const* outputs) const override {
    int64_t const length = rowLength(shapes[0]);
    double* target = outputs[0];
    for (int64_t row = 0; row < rowCount(shapes[0]); ++row) {
      for (int64_t start = 0; start < length; start += chunkLength(attributes)) {
        double sum = 0.0;
        for (int64_t column = start; column < std::min(start + chunkLength(attributes), length); ++column) {
          sum += inputs[0][row * length + column] * (scaled(attributes) ? inputs[1][column] : 1.0);
        }
        *target++ = sum;
      }
    }
  }

  Tolerance tolerance(Attributes const&, ElementType) const noexcept override { return {1e-4, 1e-5}; }
};

}  // namespace profiler::plugins::row_sum
