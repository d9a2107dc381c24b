#include "device_info.hpp"

#include <cuda_runtime_api.h>

#include <cstdio>

#include "cuda_check.hpp"
#include "error.hpp"

namespace profiler::driver {
namespace {

std::string versionText(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

std::string uuidText(cudaUUID_t const& uuid) {
  std::string text = "GPU-";
  char pair[3];
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    std::snprintf(pair, sizeof(pair), "%02x", static_cast<unsigned char>(uuid.bytes[i]));
    text += pair;
  }
  return text;
}

/// An attribute of the device; absent where the driver does not tell or tells 0.
std::optional<std::int64_t> attribute(cudaDeviceAttr which, int ordinal) {
  int value = 0;
  if (cudaDeviceGetAttribute(&value, which, ordinal) != cudaSuccess) {
    cudaGetLastError();
    return std::nullopt;
  }
  return value > 0 ? std::optional<std::int64_t>(value) : std::nullopt;
}

void requireDevice(int ordinal) {
  int count = 0;
  cudaError_t const status = cudaGetDeviceCount(&count);
  if (status != cudaSuccess) {
    throw Error(ExitCode::kLibraryMissing, std::string("no CUDA device: ") + cudaGetErrorString(status),
                "run on a machine with an NVIDIA GPU and driver; --dry-run and --list need none");
  }
  if (ordinal >= count) {
    throw usageError("there is no device " + std::to_string(ordinal), "devices 0 to " + std::to_string(count - 1) + " are there");
  }
}

}  // namespace

GpuDescription selectDevice(int ordinal) {
  requireDevice(ordinal);
  CUDA_CHECK(cudaSetDevice(ordinal));
  cudaDeviceProp properties{};
  CUDA_CHECK(cudaGetDeviceProperties(&properties, ordinal));
  GpuDescription gpu;
  gpu.ordinal = ordinal;
  gpu.name = properties.name;
  gpu.uuid = uuidText(properties.uuid);
  gpu.computeCapability = std::to_string(properties.major) + "." + std::to_string(properties.minor);
  gpu.smCount = properties.multiProcessorCount;
  gpu.maxThreadsPerSm = properties.maxThreadsPerMultiProcessor;
  gpu.maxBlocksPerSm = properties.maxBlocksPerMultiProcessor;
  gpu.registersPerSm = properties.regsPerMultiprocessor;
  gpu.sharedMemoryPerSmBytes = static_cast<int>(properties.sharedMemPerMultiprocessor);
  gpu.l2CacheBytes = properties.l2CacheSize;
  gpu.totalMemoryBytes = static_cast<std::int64_t>(properties.totalGlobalMem);
  constexpr std::int64_t kHzPerKhz = 1000;
  if (auto const clock = attribute(cudaDevAttrClockRate, ordinal)) gpu.smClockHz = *clock * kHzPerKhz;
  if (auto const clock = attribute(cudaDevAttrMemoryClockRate, ordinal)) gpu.memoryClockHz = *clock * kHzPerKhz;
  auto const busBits = attribute(cudaDevAttrGlobalMemoryBusWidth, ordinal);
  // Two transfers a clock and eight bits a byte. Source: CUDA C++ Best Practices Guide, Theoretical Bandwidth Calculation.
  if (busBits && gpu.memoryClockHz) gpu.memoryBandwidthBytesPerS = *busBits / 8 * 2 * *gpu.memoryClockHz;
  int driver = 0;
  CUDA_CHECK(cudaDriverGetVersion(&driver));
  gpu.driverVersion = versionText(driver);
  gpu.runtimeVersion = builtRuntimeVersion();
  return gpu;
}

std::string builtRuntimeVersion() { return versionText(CUDART_VERSION); }

}  // namespace profiler::driver
