/// @file
/// What the contract asks of the CUDA runtime: properties of a device, names of kernels and errors, launches.
#include "launch_config.hpp"

namespace profiler::plugins {
namespace {

/// A kernel must be told before it takes more shared memory than this. Source: CUDA C++ Programming Guide 13.0, "Shared Memory".
constexpr uint32_t kSharedMemoryWithoutAsking = 48 << 10;

dim3 dim3Of(uint32_t const (&extents)[3]) noexcept { return {extents[0], extents[1], extents[2]}; }

}  // namespace

cudaError_t DeviceInfo::current(DeviceInfo& info) noexcept {
  int ordinal = 0;
  cudaError_t error = cudaGetDevice(&ordinal);
  int major = 0;
  int minor = 0;
  struct {
    cudaDeviceAttr attribute;
    int* value;
  } const queries[] = {{cudaDevAttrMultiProcessorCount, &info.smCount},
                       {cudaDevAttrMaxThreadsPerMultiProcessor, &info.maxThreadsPerSm},
                       {cudaDevAttrMaxSharedMemoryPerBlockOptin, &info.maxSharedMemoryPerBlock},
                       {cudaDevAttrComputeCapabilityMajor, &major},
                       {cudaDevAttrComputeCapabilityMinor, &minor}};
  for (auto const& query : queries) {
    if (error == cudaSuccess) error = cudaDeviceGetAttribute(query.value, query.attribute, ordinal);
  }
  if (error == cudaSuccess) {
    info.ordinal = ordinal;
    info.computeCapability = 10 * major + minor;
  }
  return error;
}

char const* cudaErrorText(cudaError_t error) noexcept { return cudaGetErrorString(error); }

char const* LaunchConfig::symbol() const noexcept {
#if CUDART_VERSION >= 12030
  char const* name = nullptr;
  if (function != nullptr && cudaFuncGetName(&name, function) == cudaSuccess) return name;
  cudaGetLastError();
#endif
  return nullptr;
}

cudaError_t LaunchConfig::enqueue(void** arguments, cudaStream_t stream) const noexcept {
  if (!possible() || function == nullptr) return possible() ? cudaErrorInvalidDeviceFunction : cudaErrorInvalidValue;
  if (dynamicSharedMemoryBytes > kSharedMemoryWithoutAsking) {
    auto const bytes = static_cast<int>(dynamicSharedMemoryBytes);
    cudaError_t const error = cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
    if (error != cudaSuccess) return error;
  }
  if (cluster[0] * cluster[1] * cluster[2] == 1) {
    return cudaLaunchKernel(function, dim3Of(grid), dim3Of(block), arguments, dynamicSharedMemoryBytes, stream);
  }
  cudaLaunchAttribute attribute{};
  attribute.id = cudaLaunchAttributeClusterDimension;
  attribute.val.clusterDim = {cluster[0], cluster[1], cluster[2]};
  cudaLaunchConfig_t config{};
  config.gridDim = dim3Of(grid);
  config.blockDim = dim3Of(block);
  config.dynamicSmemBytes = dynamicSharedMemoryBytes;
  config.stream = stream;
  config.attrs = &attribute;
  config.numAttrs = 1;
  return cudaLaunchKernelExC(&config, function, arguments);
}

}  // namespace profiler::plugins
