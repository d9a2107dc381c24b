/// The GPU in use: its identity and limits, as the result file records them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace profiler::driver {

struct GpuDescription {
  int ordinal = 0;
  std::string name, uuid, computeCapability;
  int smCount = 0, maxThreadsPerSm = 0, maxBlocksPerSm = 0, registersPerSm = 0, sharedMemoryPerSmBytes = 0;
  std::optional<std::int64_t> smClockHz, memoryClockHz, memoryBandwidthBytesPerS;
  std::int64_t l2CacheBytes = 0, totalMemoryBytes = 0;
  std::string driverVersion, runtimeVersion;  ///< As `13.0`.
};

/// Makes device `ordinal` current and describes it. Throws Error(kLibraryMissing) without a driver or a device of that number.
GpuDescription selectDevice(int ordinal);

/// Version of the CUDA runtime this program was built with, as `13.0`.
std::string builtRuntimeVersion();

}  // namespace profiler::driver
