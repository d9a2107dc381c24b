/// Device buffers of one lane: sets of all tensors in one allocation, rotated so that a cold iteration finds its inputs in DRAM.
#pragma once

#include <cstdint>
#include <vector>

#include "cuda_handles.hpp"
#include "point.hpp"
#include "workload.hpp"

namespace profiler::driver {

/// How the L2 is kept from serving inputs, and with how many buffer sets.
struct CachePlan {
  std::size_t setCount = 1;
  bool flush = false;  ///< Read a flush buffer before each iteration because too many sets would be needed to rotate.
};

/// Plans the sets: between two uses of a set, the others move at least twice the L2.
///
/// Args:
///   setBytes: size of one set.
///   maxSets: most sets the launch mode can take.
CachePlan planCache(CacheMode mode, std::size_t setBytes, std::int64_t l2CacheBytes, std::size_t maxSets);

class BufferRing {
 public:
  /// Allocates `plan.setCount` sets for the tensors. Throws Unsupported when they do not fit the free device memory.
  BufferRing(std::vector<TensorSpec> tensors, CachePlan const& plan, std::int64_t l2CacheBytes);

  std::size_t setCount() const { return mPlan.setCount; }
  bool flushes() const { return mPlan.flush; }
  Addresses const& addresses(std::size_t set) const { return mSets[set]; }
  std::vector<TensorSpec> const& tensors() const { return mTensors; }

  /// Fills the inputs of every set with the same seeded values and poisons all outputs.
  void fill(std::uint64_t seed, cudaStream_t stream);
  /// Sets every output byte of one set to 0xFF (NaN in the float types), so that an element nobody wrote is seen.
  void poisonOutputs(std::size_t set, cudaStream_t stream);
  /// Enqueues a read of twice the L2.
  void flush(cudaStream_t stream);

 private:
  std::vector<TensorSpec> mTensors;
  CachePlan mPlan;
  DeviceMemory mArena, mFlushBuffer;
  std::size_t mFlushBytes = 0;
  std::vector<Addresses> mSets;
};

/// Bytes of one buffer set with every tensor aligned to 256 bytes, as cudaMalloc aligns.
std::size_t bufferSetBytes(std::vector<TensorSpec> const& tensors);

}  // namespace profiler::driver
