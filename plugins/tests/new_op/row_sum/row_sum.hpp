/// @file
/// What row_sum is: the sums of the rows of x, or with `scaled` of x times a weight as long as a row, spread over the row again. An op
/// that is not elementwise, with an optional input, workspace, shared memory and a tile size.
#pragma once

#include <algorithm>

#include "../contract/contract.hpp"

namespace profiler::plugins::row_sum {

inline constexpr char const* kYesNo[] = {"no", "yes"};
inline constexpr char const* kVariants[] = {"auto", "tile"};
inline constexpr Field kFields[] = {
    {"scaled", FieldType::kChoice, "whether a weight follows the input", 0, 0, 0, 1, {}, {kYesNo, 2}},
    {"variant", FieldType::kChoice, "kernel", 0, 0, 0, 1, {}, {kVariants, 2}, true},
    {"tile", FieldType::kInt32, "elements of a row in shared memory at once", 16384, 256, 32768, 256, {}, {}, true},
};

class Facts : public Op {
 public:
  static constexpr int32_t kThreads = 256;
  static constexpr ElementType kTypes[] = {ElementType::kFloat32};
  static constexpr OpInfo kInfo = {"row_sum", "ProfilerRowSum", "1", "y = sum of the row", {kFields, 3}, {kTypes, 1}, 2};

  OpInfo const& info() const noexcept override { return kInfo; }

  static bool scaled(Attributes const& attributes) noexcept { return attributes.integerAt(0) == 1; }
  static int64_t rowLength(Shape const& shape) noexcept { return shape.rank == 0 ? 1 : shape.dims[shape.rank - 1]; }
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

  LaunchConfig describeLaunch(Attributes const& attributes, DeviceInfo const&, TensorView const* inputs,
                              TensorView const* outputs) const noexcept override {
    LaunchConfig config;
    bool const fits = outputs[0].shape == inputs[0].shape && inputs[0].elementCount() >= 0;
    if (!fits || (scaled(attributes) && inputs[1].elementCount() != rowLength(inputs[0].shape))) {
      config.refusal = "the output must have the shape of the input, and the weight that of a row";
      return config;
    }
    config.kernel = "row_sum_tile_kernel";
    config.grid[0] = static_cast<uint32_t>(rowCount(inputs[0].shape));
    config.block[0] = kThreads;
    config.dynamicSharedMemoryBytes = static_cast<uint32_t>(attributes.integerAt(2)) * 4;
    config.resolved = attributes;
    AttributeOverride::store(config.resolved, 1, 1);
    return config;
  }

  /// One sum a row, between the two kernels.
  size_t workspaceBytes(Attributes const&, TensorView const* inputs, TensorView const*) const noexcept override {
    return static_cast<size_t>(std::max<int64_t>(rowCount(inputs[0].shape), 0)) * 4;
  }

  void reference(Attributes const& attributes, Shape const* shapes, double const* const* inputs, double* const* outputs) const override {
    int64_t const length = rowLength(shapes[0]);
    for (int64_t row = 0; row < rowCount(shapes[0]); ++row) {
      double sum = 0.0;
      for (int64_t column = 0; column < length; ++column) {
        sum += inputs[0][row * length + column] * (scaled(attributes) ? inputs[1][column] : 1.0);
      }
      std::fill_n(outputs[0] + row * length, length, sum);
    }
  }

  Tolerance tolerance(Attributes const&, ElementType) const noexcept override { return {1e-4, 1e-5}; }
};

}  // namespace profiler::plugins::row_sum
