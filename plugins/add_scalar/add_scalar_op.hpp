/// @file
/// What add_scalar is: y = x + scalar, its attributes, its float64 reference and how exact its results are.
#pragma once

#include "../contract/contract.hpp"
#include "../elementwise/launch_fields.hpp"

namespace profiler::plugins::add_scalar {

inline constexpr Field kOwnFields[] = {
    {"scalar", FieldType::kFloat32, "the number that is added: y = x + scalar", 1.0, -3e38, 3e38},
};
inline constexpr auto kFields = elementwise::withLaunchFields(kOwnFields);
inline constexpr OutputRule kOutputs[] = {{0, 0}};
inline constexpr char const* kKernelNames[] = {"", "add_scalar_scalar_kernel", "add_scalar_vectorized_kernel",
                                               "add_scalar_grid_stride_kernel"};

inline constexpr OpInfo kInfo = {"add_scalar",
                                 "ProfilerAddScalar",
                                 "1",
                                 "y = x + scalar",
                                 1,
                                 {kOutputs, 1},
                                 {kFields.data(), static_cast<int64_t>(kFields.size())},
                                 {elementwise::kVariantNames, 4},
                                 {kElementTypes, 3},
                                 true};

inline float scalar(Attributes const& attributes) noexcept { return static_cast<float>(attributes.numberAt(0)); }

inline double reference(Attributes const& attributes, double x) noexcept { return x + static_cast<double>(scalar(attributes)); }

/// float32 is the correctly rounded sum. Half types round the float32 sum once more, which can move a tie by one unit.
inline Tolerance tolerance(Attributes const&, ElementType type) noexcept {
  switch (type) {
    case ElementType::kFloat32: return {0.0, 0.0};
    case ElementType::kFloat16: return {0x1p-24, 0x1p-10};
    default: return {0.0, 0x1p-7};
  }
}

}  // namespace profiler::plugins::add_scalar
