/// @file
/// The few CUDA types in the interface of an op. A build of the host parts alone (`PROFILER_HOST_ONLY`) has no CUDA headers and takes
/// these declarations, which agree with CUDA's.
#pragma once

#ifdef PROFILER_HOST_ONLY
struct CUstream_st;
using cudaStream_t = CUstream_st*;
enum cudaError { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorInvalidDeviceFunction = 98, cudaErrorNoDevice = 100 };
using cudaError_t = cudaError;
#else
#include <cuda_runtime_api.h>
#endif
