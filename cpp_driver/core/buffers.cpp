#include "buffers.hpp"

#include <algorithm>
#include <string>

#include "error.hpp"
#include "random_input.hpp"

namespace profiler::core {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kMostBytes = std::size_t{1} << 62;

std::size_t alignedBytes(TensorSpec const& tensor) {
  return std::max((tensor.sizeBytes() + kAlignment - 1) / kAlignment, std::size_t{1}) * kAlignment;
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

CachePlan planCache(CacheMode mode, std::size_t setBytes, std::int64_t l2CacheBytes, std::size_t maxSets) {
  if (mode == CacheMode::kWarm) return {1, false};
  std::size_t const between = 2 * static_cast<std::size_t>(l2CacheBytes);
  std::size_t const setCount = std::max<std::size_t>(2, (between + setBytes - 1) / setBytes + 1);
  return setCount <= maxSets ? CachePlan{setCount, false} : CachePlan{1, true};
}

BufferRing::BufferRing(Device& device, std::vector<TensorSpec> tensors, CachePlan const& plan)
    : mDevice(device), mTensors(std::move(tensors)), mSetBytes(bufferSetBytes(mTensors)), mPlan(plan) {
  std::size_t const total = mSetBytes * mPlan.setCount;
  std::size_t const freeBytes = mDevice.freeBytes();
  if (total > freeBytes) {
    throw Unsupported("buffers need " + mebibytes(total) + " of device memory, " + mebibytes(freeBytes) + " are free for them");
  }
  mArena = mDevice.allocate(total);
  if (mPlan.flush) {
    mFlushBytes = 2 * static_cast<std::size_t>(mDevice.facts().l2CacheBytes);
    mFlushBuffer = mDevice.allocate(mFlushBytes);
    mDevice.set(mFlushBuffer.get(), 0, mFlushBytes, nullptr);
    mDevice.synchronize();
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

void BufferRing::fill(std::uint64_t seed, void* stream) {
  mDevice.set(mArena.get(), 0xFF, mSetBytes, stream);
  std::uint64_t input = 0;
  for (std::size_t i = 0; i < mTensors.size(); ++i) {
    if (mTensors[i].isInput) mDevice.fill(mSets[0][i], mTensors[i], mixSeed(seed, input++), stream);
  }
  repeatFirstSet(stream);
}

/// Doubling the copied part needs few copies however many sets there are.
void BufferRing::repeatFirstSet(void* stream) {
  auto* arena = static_cast<char*>(mArena.get());
  for (std::size_t done = 1; done < mPlan.setCount;) {
    std::size_t const copied = std::min(done, mPlan.setCount - done);
    mDevice.copy(arena + done * mSetBytes, arena, copied * mSetBytes, stream);
    done += copied;
  }
}

void BufferRing::poisonOutputs(std::size_t set, void* stream) {
  for (std::size_t i = 0; i < mTensors.size(); ++i) {
    std::size_t const bytes = mTensors[i].sizeBytes();
    if (!mTensors[i].isInput && bytes > 0) mDevice.set(mSets[set][i], 0xFF, bytes, stream);
  }
}

void BufferRing::poisonAll(void* stream) {
  poisonOutputs(0, stream);
  if (mPlan.setCount == 1) return;
  repeatFirstSet(stream);
  // Reading all sets in order writes back what the copies left in the L2 and leaves the last sets there, not the first.
  mDevice.readThrough(mArena.get(), mSetBytes * mPlan.setCount, stream);
}

std::vector<Handle> BufferRing::copyOutputs(std::size_t set, void* stream) const {
  std::vector<Handle> copies(mTensors.size());
  std::size_t bytes = 0;
  for (auto const& tensor : mTensors) bytes += tensor.isInput ? 0 : tensor.sizeBytes();
  if (bytes > mDevice.freeBytes()) return copies;
  for (std::size_t i = 0; i < mTensors.size(); ++i) {
    std::size_t const size = mTensors[i].sizeBytes();
    if (mTensors[i].isInput || size == 0) continue;
    copies[i] = mDevice.allocate((size + 3) / 4 * 4);
    mDevice.copy(copies[i].get(), mSets[set][i], size, stream);
  }
  mDevice.synchronize(stream);
  return copies;
}

std::vector<std::size_t> BufferRing::setsUnlike(std::vector<Handle> const& like, std::size_t count, void* stream) const {
  Handle const flags = mDevice.allocate(count * sizeof(std::uint32_t));
  mDevice.set(flags.get(), 0, count * sizeof(std::uint32_t), stream);
  for (std::size_t i = 0; i < mTensors.size(); ++i) {
    std::size_t const size = mTensors[i].sizeBytes();
    if (mTensors[i].isInput || size == 0) continue;
    if (like[i].get() == nullptr) {  // nothing to compare with: every set is to be looked at
      mDevice.set(flags.get(), 1, count * sizeof(std::uint32_t), stream);
      continue;
    }
    mDevice.compareSets(mSets[0][i], like[i].get(), size, mSetBytes, count, static_cast<std::uint32_t*>(flags.get()), stream);
  }
  std::vector<std::uint32_t> differs(count);
  mDevice.readBack(differs.data(), flags.get(), count * sizeof(std::uint32_t), stream);
  mDevice.synchronize(stream);
  std::vector<std::size_t> unlike;
  for (std::size_t set = 0; set < count; ++set)
    if (differs[set] != 0) unlike.push_back(set);
  return unlike;
}

void BufferRing::flush(void* stream) {
  if (mPlan.flush) mDevice.readThrough(mFlushBuffer.get(), mFlushBytes, stream);
}

}  // namespace profiler::core
