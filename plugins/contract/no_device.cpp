/// @file
/// Takes the place of device.cpp in a build of the host parts alone: there is no device and no kernel.
#include "launch_config.hpp"

namespace profiler::plugins {

cudaError_t DeviceInfo::current(DeviceInfo&) noexcept { return cudaErrorNoDevice; }

char const* cudaErrorText(cudaError_t error) noexcept {
  return error == cudaErrorInvalidDeviceFunction ? "this library holds no kernels" : "a CUDA error";
}

char const* LaunchConfig::symbol() const noexcept { return nullptr; }

cudaError_t LaunchConfig::enqueue(void**, cudaStream_t) const noexcept { return cudaErrorInvalidDeviceFunction; }

}  // namespace profiler::plugins
