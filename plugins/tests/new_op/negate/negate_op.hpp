/// @file
/// What negate is: y = -x.
#pragma once

#include "../contract/contract.hpp"
#include "../elementwise/launch_fields.hpp"

namespace profiler::plugins::negate {

inline constexpr OutputRule kOutputs[] = {{0, 0}};
inline constexpr char const* kKernelNames[] = {"", "negate_scalar_kernel", "negate_vectorized_kernel", "negate_grid_stride_kernel"};
inline constexpr ElementType kTypes[] = {ElementType::kFloat32};

inline constexpr OpInfo kInfo = {"negate",
                                 "ProfilerNegate",
                                 "1",
                                 "y = -x",
                                 1,
                                 {kOutputs, 1},
                                 {elementwise::kLaunchFields, elementwise::kLaunchFieldCount},
                                 {elementwise::kVariantNames, 4},
                                 {kTypes, 1},
                                 true};

}  // namespace profiler::plugins::negate
