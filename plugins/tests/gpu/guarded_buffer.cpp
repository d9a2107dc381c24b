/// @file
/// Allocation, poison and inspection of guarded buffers.
#include "guarded_buffer.hpp"

#include <algorithm>

namespace profiler::plugins::test {

GuardedBuffer::GuardedBuffer(size_t capacity) : mCapacity(capacity) {
  CUDA_CHECK(cudaMalloc(reinterpret_cast<void**>(&mMemory), capacity + 2 * kGuardBytes));
  CUDA_CHECK(cudaMemset(mMemory, kPoison, capacity + 2 * kGuardBytes));
  CUDA_CHECK(cudaDeviceSynchronize());  // the fill runs on the default stream, which the test's streams do not wait for
}

void GuardedBuffer::poison(size_t offset, size_t bytes, cudaStream_t stream) const {
  CUDA_CHECK(cudaMemsetAsync(mMemory, kPoison, std::min(offset + bytes, mCapacity) + 2 * kGuardBytes, stream));
}

size_t GuardedBuffer::read(size_t offset, size_t bytes, std::vector<unsigned char>& tensor, Stream const& stream) const {
  std::vector<unsigned char> all(offset + bytes + 2 * kGuardBytes);
  CUDA_CHECK(cudaMemcpyAsync(all.data(), mMemory, all.size(), cudaMemcpyDeviceToHost, stream));
  stream.synchronize();
  auto const begin = all.begin() + static_cast<std::ptrdiff_t>(kGuardBytes + offset);
  auto const end = begin + static_cast<std::ptrdiff_t>(bytes);
  tensor.assign(begin, end);
  auto const changed = [](unsigned char byte) { return byte != kPoison; };
  return static_cast<size_t>(std::count_if(all.begin(), begin, changed) + std::count_if(end, all.end(), changed));
}

}  // namespace profiler::plugins::test
