/// @file
/// Reads the device properties that launch decisions depend on.
#include "launch_config.hpp"

namespace profiler::plugins {

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
                       {cudaDevAttrComputeCapabilityMajor, &major},
                       {cudaDevAttrComputeCapabilityMinor, &minor}};
  for (auto const& query : queries) {
    if (error == cudaSuccess) {
      error = cudaDeviceGetAttribute(query.value, query.attribute, ordinal);
    }
  }
  if (error == cudaSuccess) {
    info.ordinal = ordinal;
    info.computeCapability = 10 * major + minor;
  }
  return error;
}

char const* LaunchConfig::symbol() const noexcept {
#if CUDART_VERSION >= 12030
  char const* name = nullptr;
  if (function != nullptr && cudaFuncGetName(&name, function) == cudaSuccess) {
    return name;
  }
  cudaGetLastError();
#endif
  return nullptr;
}

}  // namespace profiler::plugins
