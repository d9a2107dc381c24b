#include "buffers.hpp"

#include <algorithm>
#include <string>

#include "device_kernels.hpp"
#include "error.hpp"

namespace profiler::driver {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kReserveBytes = std::size_t{256} << 20;  // left for contexts, events and workspaces

constexpr std::size_t kMostBytes = std::size_t{1} << 62;

std::size_t alignedBytes(TensorSpec const& tensor) {
  return std::max((tensor.sizeBytes() + kAlignment - 1) / kAlignment, std::size_t{1}) * kAlignment;
}

std::size_t freeDeviceBytes() {
  std::size_t freeBytes = 0, allBytes = 0;
  CUDA_CHECK(cudaMemGetInfo(&freeBytes, &allBytes));
  return freeBytes > kReserveBytes ? freeBytes - kReserveBytes : 0;
}

std::string mebibytes(std::size_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

}  // namespace

std::size_t bufferSetBytes(std::vector<TensorSpec> const& tensors) {
  std::size_t bytes = 0;
  for (auto const& tensor : tensors) {
    bytes += alignedBytes(tensor);  // each is far below the limit: a shape has at most 2^56 elements
    if (bytes > kMostBytes) throw Unsupported("the tensors are larger than any device memory");
  }
  return bytes;
}

std::size_t setsThatFit(std::size_t setBytes, std::size_t lanes) { return freeDeviceBytes() / lanes / setBytes; }

CachePlan planCache(CacheMode mode, std::size_t setBytes, std::int64_t l2CacheBytes, std::size_t maxSets) {
  if (mode == CacheMode::kWarm) return {1, false};
  std::size_t const between = 2 * static_cast<std::size_t>(l2CacheBytes);
  std::size_t const setCount = std::max<std::size_t>(2, (between + setBytes - 1) / setBytes + 1);
  return setCount <= maxSets ? CachePlan{setCount, false} : CachePlan{1, true};
}

BufferRing::BufferRing(std::vector<TensorSpec> tensors, CachePlan const& plan, std::int64_t l2CacheBytes)
    : mTensors(std::move(tensors)), mPlan(plan) {
  std::size_t const setBytes = bufferSetBytes(mTensors);
  std::size_t const total = setBytes * mPlan.setCount;
  std::size_t const freeBytes = freeDeviceBytes();
  if (total > freeBytes) {
    throw Unsupported("buffers need " + mebibytes(total) + " of device memory, " + mebibytes(freeBytes) + " are free for them");
  }
  mArena = allocateDevice(total);
  if (mPlan.flush) {
    mFlushBytes = 2 * static_cast<std::size_t>(l2CacheBytes);
    mFlushBuffer = allocateDevice(mFlushBytes);
    CUDA_CHECK(cudaMemset(mFlushBuffer.get(), 0, mFlushBytes));
  }
  auto* next = static_cast<char*>(mArena.get());
  for (std::size_t set = 0; set < mPlan.setCount; ++set) {
    Addresses addresses;
    for (auto const& tensor : mTensors) {
      addresses.push_back(next);
      next += alignedBytes(tensor);
    }
    mSets.push_back(std::move(addresses));
  }
}

void BufferRing::fill(std::uint64_t seed, cudaStream_t stream) {
  CUDA_CHECK(cudaMemsetAsync(mArena.get(), 0xFF, bufferSetBytes(mTensors), stream));
  std::uint64_t input = 0;
  for (std::size_t i = 0; i < mTensors.size(); ++i) {
    if (mTensors[i].isInput) enqueueFill(mSets[0][i], mTensors[i], seed, input++, stream);
  }
  repeatFirstSet(stream);
}

/// Doubling the copied part needs few copies however many sets there are.
void BufferRing::repeatFirstSet(cudaStream_t stream) {
  std::size_t const setBytes = bufferSetBytes(mTensors);
  auto* arena = static_cast<char*>(mArena.get());
  for (std::size_t done = 1; done < mPlan.setCount;) {
    std::size_t const copied = std::min(done, mPlan.setCount - done);
    CUDA_CHECK(cudaMemcpyAsync(arena + done * setBytes, arena, copied * setBytes, cudaMemcpyDeviceToDevice, stream));
    done += copied;
  }
}

void BufferRing::poisonOutputs(std::size_t set, cudaStream_t stream) {
  for (std::size_t i = 0; i < mTensors.size(); ++i) {
    std::size_t const bytes = mTensors[i].sizeBytes();
    if (!mTensors[i].isInput && bytes > 0) CUDA_CHECK(cudaMemsetAsync(mSets[set][i], 0xFF, bytes, stream));
  }
}

void BufferRing::poisonAll(cudaStream_t stream) {
  poisonOutputs(0, stream);
  if (mPlan.setCount == 1) return;
  repeatFirstSet(stream);
  // Reading all sets in order writes back what the copies left in the L2 and leaves the last sets there, not the first.
  enqueueCacheFlush(mArena.get(), bufferSetBytes(mTensors) * mPlan.setCount, stream);
}

std::vector<DeviceMemory> BufferRing::copyOutputs(std::size_t set, cudaStream_t stream) const {
  std::vector<DeviceMemory> copies(mTensors.size());
  std::size_t bytes = 0;
  for (auto const& tensor : mTensors) bytes += tensor.isInput ? 0 : tensor.sizeBytes();
  if (bytes > freeDeviceBytes()) return copies;
  for (std::size_t i = 0; i < mTensors.size(); ++i) {
    std::size_t const size = mTensors[i].sizeBytes();
    if (mTensors[i].isInput || size == 0) continue;
    copies[i] = allocateDevice((size + 3) / 4 * 4);
    CUDA_CHECK(cudaMemcpyAsync(copies[i].get(), mSets[set][i], size, cudaMemcpyDeviceToDevice, stream));
  }
  CUDA_CHECK(cudaStreamSynchronize(stream));
  return copies;
}

std::vector<std::size_t> BufferRing::setsUnlike(std::vector<DeviceMemory> const& like, std::size_t count, cudaStream_t stream) const {
  std::size_t const setBytes = bufferSetBytes(mTensors);
  DeviceMemory const flags = allocateDevice(count * sizeof(std::uint32_t));
  CUDA_CHECK(cudaMemsetAsync(flags.get(), 0, count * sizeof(std::uint32_t), stream));
  for (std::size_t i = 0; i < mTensors.size(); ++i) {
    std::size_t const size = mTensors[i].sizeBytes();
    if (mTensors[i].isInput || size == 0) continue;
    if (like[i].get() == nullptr) {  // nothing to compare with: every set is to be looked at
      CUDA_CHECK(cudaMemsetAsync(flags.get(), 1, count * sizeof(std::uint32_t), stream));
      continue;
    }
    enqueueCompareSets(mSets[0][i], like[i].get(), size, setBytes, count, static_cast<std::uint32_t*>(flags.get()), stream);
  }
  std::vector<std::uint32_t> differs(count);
  CUDA_CHECK(cudaMemcpyAsync(differs.data(), flags.get(), count * sizeof(std::uint32_t), cudaMemcpyDeviceToHost, stream));
  CUDA_CHECK(cudaStreamSynchronize(stream));
  std::vector<std::size_t> unlike;
  for (std::size_t set = 0; set < count; ++set) {
    if (differs[set] != 0) unlike.push_back(set);
  }
  return unlike;
}

void BufferRing::flush(cudaStream_t stream) {
  if (mPlan.flush) enqueueCacheFlush(mFlushBuffer.get(), mFlushBytes, stream);
}

}  // namespace profiler::driver
