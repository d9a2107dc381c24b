/// @file
/// What a launch would do: kernel, grid, block, cluster, shared memory and the attributes after `auto` was resolved.
#pragma once

#include <cstdint>

#include "attributes.hpp"
#include "cuda_types.hpp"

namespace profiler::plugins {

/// The properties of a device that launch decisions depend on. Query once, outside the hot path; all members may be set by hand to
/// ask what a launch would look like on another GPU.
struct DeviceInfo {
  int32_t ordinal = 0;
  int32_t smCount = 132;
  int32_t maxThreadsPerSm = 2048;
  int32_t maxSharedMemoryPerBlock = 227 << 10;  ///< Bytes that a kernel may ask for.
  int32_t computeCapability = 90;               ///< 10 * major + minor.

  /// Reads the properties of the calling thread's current device.
  static cudaError_t current(DeviceInfo& info) noexcept;
};

/// CUDA's own words for an error; static text.
char const* cudaErrorText(cudaError_t error) noexcept;

/// A plain value; the strings are static. `refusal` is null when the launch is possible and otherwise says why it is not. An op that
/// launches several kernels describes the one that does the work.
struct LaunchConfig {
  char const* kernel = "";         ///< Name as profilers show it without template arguments: `swish_vectorized_kernel`.
  void const* function = nullptr;  ///< The instantiation, as cudaLaunchKernel takes it; null when the op does not say.
  uint32_t grid[3] = {0, 1, 1};    ///< All zero elements: grid[0] is 0 and nothing is launched.
  uint32_t block[3] = {1, 1, 1};
  uint32_t cluster[3] = {1, 1, 1};  ///< Blocks of a thread block cluster; all 1: no clusters.
  uint32_t dynamicSharedMemoryBytes = 0;
  int32_t itemsPerThread = 1;  ///< Independent loads of one thread in flight.
  int32_t accessBytes = 0;     ///< Width of one load or store in the body; 0 where there is no such number.
  Attributes resolved;         ///< The attributes with `auto` and 0 replaced by what was picked.
  char const* note = nullptr;  ///< Why the launch differs from what was asked, null when it does not.
  char const* refusal = nullptr;

  bool possible() const noexcept { return refusal == nullptr; }

  /// The mangled name of `function`, as cuobjdump and CUPTI show it: it tells apart the instantiations of one kernel. Null when it
  /// cannot be told: no GPU, a function without a name, or a CUDA runtime before 12.3. Static for as long as the program runs.
  char const* symbol() const noexcept;

  /// Launches `function` so, with as much shared memory as it says and in clusters where it has them. Waits and allocates nothing.
  /// @param arguments  one pointer to each kernel parameter.
  cudaError_t enqueue(void** arguments, cudaStream_t stream) const noexcept;
};

}  // namespace profiler::plugins
