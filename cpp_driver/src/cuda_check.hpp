/// Turns a failed CUDA runtime call into an exception that names the call.
#pragma once

#include <cuda_runtime_api.h>

#include <string>

#include "error.hpp"

namespace profiler::driver {

/// Throws CudaError unless `status` is cudaSuccess.
inline void checkCuda(cudaError_t status, char const* call) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // an error that is not sticky must not surface at a later, innocent call
  throw core::CudaError(std::string(call) + ": " + cudaGetErrorName(status) + ", " + cudaGetErrorString(status));
}

}  // namespace profiler::driver

#define CUDA_CHECK(call) ::profiler::driver::checkCuda((call), #call)
