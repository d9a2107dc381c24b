/// Device buffers of one lane: sets of all tensors in one allocation, rotated so that a cold iteration finds its inputs in DRAM.
#pragma once

#include <cstdint>
#include <vector>

#include "device.hpp"
#include "point.hpp"
#include "workload.hpp"

namespace profiler::core {

/// How the L2 is kept from serving inputs, and with how many buffer sets.
struct CachePlan {
  std::size_t setCount = 1;
  bool flush = false;  ///< Read a flush buffer before each iteration because too many sets would be needed to rotate.
};

/// Plans the sets: between two uses of a set, the others move at least twice the L2.
///
/// Args:
///   setBytes: size of one set.
///   maxSets: most sets that the launch mode can take and the device memory holds; with fewer than it needs, the plan flushes.
CachePlan planCache(CacheMode mode, std::size_t setBytes, std::int64_t l2CacheBytes, std::size_t maxSets);

class BufferRing {
 public:
  /// Allocates `plan.setCount` sets for the tensors. Throws Unsupported when they do not fit the free device memory.
  BufferRing(Device& device, std::vector<TensorSpec> tensors, CachePlan const& plan);

  std::size_t setCount() const { return mPlan.setCount; }
  Addresses const& addresses(std::size_t set) const { return mSets[set]; }
  std::vector<TensorSpec> const& tensors() const { return mTensors; }
  Device& device() const { return mDevice; }

  /// Fills the inputs of every set with the same seeded values and poisons all outputs.
  void fill(std::uint64_t seed, void* stream);
  /// Sets every output byte of one set to 0xFF (NaN in the float types), so that an element nobody wrote is seen.
  void poisonOutputs(std::size_t set, void* stream);
  /// Poisons the outputs of every set and leaves set 0 outside the L2 where the plan rotates. The inputs are copied from set 0.
  void poisonAll(void* stream);
  /// Copies the outputs of a set into memory of their own, one entry a tensor, null for inputs. Null entries only, where no memory is left.
  std::vector<Handle> copyOutputs(std::size_t set, void* stream) const;
  /// Which of the first `count` sets have other outputs, byte by byte, than those of `copyOutputs`. Waits for the stream.
  std::vector<std::size_t> setsUnlike(std::vector<Handle> const& like, std::size_t count, void* stream) const;
  /// Enqueues a read of twice the L2.
  void flush(void* stream);

 private:
  void repeatFirstSet(void* stream);

  Device& mDevice;
  std::vector<TensorSpec> mTensors;
  std::size_t mSetBytes;
  CachePlan mPlan;
  Handle mArena, mFlushBuffer;
  std::size_t mFlushBytes = 0;
  std::vector<Addresses> mSets;
};

/// Bytes of one buffer set with every tensor aligned to 256 bytes, as the driver aligns. Throws Unsupported beyond 2^62 bytes.
std::size_t bufferSetBytes(std::vector<TensorSpec> const& tensors);

}  // namespace profiler::core
