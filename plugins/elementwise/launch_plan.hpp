/// @file
/// Decides grid, block and split of an elementwise launch from sizes, alignment and attributes. Pure arithmetic: no GPU is touched.
#pragma once

#include "../contract/contract.hpp"
#include "extent.hpp"
#include "launch_fields.hpp"

namespace profiler::plugins::elementwise {

/// The launch attributes as enums and integers.
struct LaunchRequest {
  Variant variant = Variant::kScalar;
  int32_t block = 0, items = 1;
  GridPolicy grid = GridPolicy::kAuto;
  CachePolicy cache = CachePolicy::kDefault;
};

/// What a launch needs: the configuration to report, the kernel argument, and the resolved request, which tells the kernel to take.
struct LaunchPlan {
  LaunchConfig config;
  Extent extent;
  LaunchRequest request;
};

/// Plans a launch of a one-input, one-output elementwise op.
///
/// @param info            the op; its field table must end with the launch attributes.
/// @param kernelNames     names of the kernels.
/// @return a plan whose `config.refusal` is set when the launch is not possible.
LaunchPlan planLaunch(OpInfo const& info, KernelNames const& kernelNames, Attributes const& attributes, DeviceInfo const& device,
                      TensorView const& input, TensorView const& output) noexcept;

/// Why launch attributes contradict one another, static text; null when they do not.
char const* contradiction(OpInfo const& info, Attributes const& attributes) noexcept;

/// Blocks of `block` threads that one multiprocessor holds at once, from the thread and block limits of its architecture.
int32_t residentBlocksPerSm(DeviceInfo const& device, int32_t block, int32_t items) noexcept;

}  // namespace profiler::plugins::elementwise
