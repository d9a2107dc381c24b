#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <algorithm>

#include "cuda_check.hpp"
#include "device_kernels.hpp"
#include "random_input.hpp"

namespace profiler::driver {
namespace {

constexpr int kBlock = 256;
constexpr int kMaxBlocks = 4096;

template <typename Element>
__device__ Element elementFrom(std::uint64_t hash) {
  return static_cast<Element>(hash >> 63);
}
template <>
__device__ float elementFrom<float>(std::uint64_t hash) {
  return uniformFrom(hash);
}
template <>
__device__ __half elementFrom<__half>(std::uint64_t hash) {
  return __float2half_rn(uniformFrom(hash));
}
template <>
__device__ __nv_bfloat16 elementFrom<__nv_bfloat16>(std::uint64_t hash) {
  return __float2bfloat16_rn(uniformFrom(hash));
}

template <typename Element>
__global__ void profiler_fill_kernel(Element* data, std::int64_t count, std::uint64_t stream) {
  std::int64_t const step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += step) {
    data[i] = elementFrom<Element>(mixIndex(stream, static_cast<std::uint64_t>(i)));
  }
}

__global__ void profiler_flush_kernel(uint4 const* data, std::int64_t count, std::int32_t never) {
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
__global__ void profiler_compare_kernel(char const* first, std::uint32_t const* like, std::int64_t words, std::uint32_t lastMask,
                                        std::int64_t stride, std::int64_t total, std::uint32_t* flags) {
  std::int64_t const step = std::int64_t{gridDim.x} * blockDim.x;
  for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < total; i += step) {
    std::int64_t const block = i / words;
    std::int64_t const word = i % words;
    std::uint32_t const difference = reinterpret_cast<std::uint32_t const*>(first + block * stride)[word] ^ like[word];
    if ((word == words - 1 ? difference & lastMask : difference) != 0) flags[block] = 1;
  }
}

__device__ std::uint64_t globalNanoseconds() {
  std::uint64_t now;
  asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(now));
  return now;
}

__global__ void profiler_delay_kernel(std::uint64_t nanoseconds) {
  std::uint64_t const start = globalNanoseconds();
  while (globalNanoseconds() - start < nanoseconds) __nanosleep(200);
}

int blocksFor(std::int64_t count) { return static_cast<int>(std::clamp<std::int64_t>((count + kBlock - 1) / kBlock, 1, kMaxBlocks)); }

template <typename Element>
void fill(void* data, std::int64_t count, std::uint64_t seedStream, cudaStream_t stream) {
  profiler_fill_kernel<<<blocksFor(count), kBlock, 0, stream>>>(static_cast<Element*>(data), count, seedStream);
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace

void enqueueFill(void* data, TensorSpec const& spec, std::uint64_t seed, std::uint64_t inputIndex, cudaStream_t stream) {
  std::int64_t const count = spec.elementCount();
  std::uint64_t const seedStream = mixSeed(seed, inputIndex);
  if (count == 0) return;
  switch (spec.type) {
    case TensorType::kFloat32: return fill<float>(data, count, seedStream, stream);
    case TensorType::kFloat16: return fill<__half>(data, count, seedStream, stream);
    case TensorType::kBFloat16: return fill<__nv_bfloat16>(data, count, seedStream, stream);
    case TensorType::kInt64: return fill<std::int64_t>(data, count, seedStream, stream);
    case TensorType::kInt32: return fill<std::int32_t>(data, count, seedStream, stream);
    default: return fill<std::uint8_t>(data, count, seedStream, stream);
  }
}

void enqueueCacheFlush(void const* data, std::size_t byteCount, cudaStream_t stream) {
  auto const count = static_cast<std::int64_t>(byteCount / sizeof(uint4));
  profiler_flush_kernel<<<blocksFor(count), kBlock, 0, stream>>>(static_cast<uint4 const*>(data), count, 0);
  CUDA_CHECK(cudaGetLastError());
}

void enqueueCompareSets(void const* first, void const* like, std::size_t byteCount, std::size_t stride, std::size_t count,
                        std::uint32_t* flags, cudaStream_t stream) {
  auto const words = static_cast<std::int64_t>((byteCount + 3) / 4);
  std::uint32_t const lastMask = byteCount % 4 == 0 ? ~0U : (1U << (8 * (byteCount % 4))) - 1;
  std::int64_t const total = words * static_cast<std::int64_t>(count);
  profiler_compare_kernel<<<blocksFor(total), kBlock, 0, stream>>>(static_cast<char const*>(first), static_cast<std::uint32_t const*>(like),
                                                                   words, lastMask, static_cast<std::int64_t>(stride), total, flags);
  CUDA_CHECK(cudaGetLastError());
}

void enqueueDelay(std::int64_t nanoseconds, cudaStream_t stream) {
  profiler_delay_kernel<<<1, 1, 0, stream>>>(static_cast<std::uint64_t>(std::max<std::int64_t>(0, nanoseconds)));
  CUDA_CHECK(cudaGetLastError());
}

}  // namespace profiler::driver
