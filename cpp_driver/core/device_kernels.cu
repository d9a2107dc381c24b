// The four kernels of the core. device_kernels.ptx is made from this file and is what the library carries, so that building it needs
// no nvcc: `nvcc -ptx -arch=compute_75 -o device_kernels.ptx device_kernels.cu`, then `.version 6.4` for drivers from 2019 on.
#include <cstdint>

#include "random_input.hpp"

using profiler::core::mixIndex;
using profiler::core::uniformFrom;

namespace {

__device__ std::uint64_t globalNanoseconds() {
  std::uint64_t now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

__device__ std::uint16_t halfBits(float value) {
  std::uint16_t bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

/// Rounds to nearest even; the values are finite.
__device__ std::uint16_t bfloatBits(float value) {
  std::uint32_t const bits = __float_as_uint(value);
  return static_cast<std::uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

}  // namespace

/// `type`: 0 fp32, 1 fp16, 2 bf16, 3 int64, 4 int32, 5 one byte.
extern "C" __global__ void profiler_fill_kernel(void* data, std::int64_t count, std::uint64_t sequence, std::int32_t type) {
  std::int64_t const step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    std::uint64_t const hash = mixIndex(sequence, static_cast<std::uint64_t>(i));
    switch (type) {
      case 0: static_cast<float*>(data)[i] = uniformFrom(hash); break;
      case 1: static_cast<std::uint16_t*>(data)[i] = halfBits(uniformFrom(hash)); break;
      case 2: static_cast<std::uint16_t*>(data)[i] = bfloatBits(uniformFrom(hash)); break;
      case 3: static_cast<std::int64_t*>(data)[i] = static_cast<std::int64_t>(hash >> 63); break;
      case 4: static_cast<std::int32_t*>(data)[i] = static_cast<std::int32_t>(hash >> 63); break;
      default: static_cast<std::uint8_t*>(data)[i] = static_cast<std::uint8_t>(hash >> 63); break;
    }
  }
}

extern "C" __global__ void profiler_flush_kernel(uint4 const* data, std::int64_t count, std::int32_t never) {
  std::int64_t const step = std::int64_t{gridDim.x} * blockDim.x;
  unsigned int sum = 0;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    uint4 const line = data[i];
    sum += line.x ^ line.y ^ line.z ^ line.w;
  }
  // Never true; keeps the loads alive without a store.
  if (never != 0) const_cast<uint4*>(data)->x = sum;
}

/// One word a step over all blocks; of the last word only the bytes that belong to the block count.
extern "C" __global__ void profiler_compare_kernel(char const* first, std::uint32_t const* like, std::int64_t words, std::uint32_t lastMask,
                                                   std::int64_t stride, std::int64_t total, std::uint32_t* flags) {
  std::int64_t const step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < total; i += step) {
    std::int64_t const block = i / words;
    std::int64_t const word = i % words;
    std::uint32_t const difference = reinterpret_cast<std::uint32_t const*>(first + block * stride)[word] ^ like[word];
    if ((word == words - 1 ? difference & lastMask : difference) != 0) flags[block] = 1;
  }
}

extern "C" __global__ void profiler_delay_kernel(std::uint64_t nanoseconds) {
  std::uint64_t const start = globalNanoseconds();
  while (globalNanoseconds() - start < nanoseconds) __nanosleep(200);
}
