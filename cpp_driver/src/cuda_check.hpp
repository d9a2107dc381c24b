/// Turns a failed CUDA runtime call into an exception that names the call.
#pragma once

#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

namespace profiler::driver {

class CudaError : public std::runtime_error {
 public:
  CudaError(cudaError_t status, char const* call)
      : std::runtime_error(std::string(call) + ": " + cudaGetErrorName(status) + ", " + cudaGetErrorString(status)), mStatus(status) {}
  cudaError_t status() const { return mStatus; }

 private:
  cudaError_t mStatus;
};

/// Throws CudaError unless `status` is cudaSuccess.
inline void checkCuda(cudaError_t status, char const* call) {
  if (status != cudaSuccess) {
    cudaGetLastError();  // an error that is not sticky must not surface at a later, innocent call
    throw CudaError(status, call);
  }
}

}  // namespace profiler::driver

#define CUDA_CHECK(call) ::profiler::driver::checkCuda((call), #call)
