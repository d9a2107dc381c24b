/// A ring of event pairs around iterations, read back once the device has passed them.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "cuda_handles.hpp"

namespace profiler::driver {

/// Time between two completed events in ns. cudaEventElapsedTime answers in ms with a resolution of well below 1 us.
inline std::int64_t elapsedNs(Event const& start, Event const& end) {
  float milliseconds = 0.0F;
  CUDA_CHECK(cudaEventElapsedTime(&milliseconds, start.get(), end.get()));
  return static_cast<std::int64_t>(std::llround(static_cast<double>(milliseconds) * 1e6));
}

class EventPairs {
 public:
  explicit EventPairs(std::size_t capacity) {
    for (std::size_t i = 0; i < capacity; ++i) mPairs.push_back({makeEvent(), makeEvent()});
  }

  /// Records the start of the next iteration. When the ring is full the oldest pair is waited for and appended to `samples`.
  void recordStart(cudaStream_t stream, std::vector<std::int64_t>& samples) {
    if (mPending == mPairs.size()) collectOldest(samples);
    CUDA_CHECK(cudaEventRecord(mPairs[mNext].start.get(), stream));
  }
  void recordEnd(cudaStream_t stream) {
    CUDA_CHECK(cudaEventRecord(mPairs[mNext].end.get(), stream));
    mNext = (mNext + 1) % mPairs.size();
    ++mPending;
  }
  /// Whether the device has not reached the oldest recorded start yet.
  bool firstIsPending() const {
    Pair const& oldest = mPairs[(mNext + mPairs.size() - mPending) % mPairs.size()];
    cudaError_t const status = cudaEventQuery(oldest.start.get());
    if (status != cudaErrorNotReady) CUDA_CHECK(status);
    cudaGetLastError();
    return status == cudaErrorNotReady;
  }
  /// Waits for all recorded pairs and appends their times in order.
  void collectAll(std::vector<std::int64_t>& samples) {
    while (mPending > 0) collectOldest(samples);
  }

 private:
  struct Pair {
    Event start, end;
  };
  void collectOldest(std::vector<std::int64_t>& samples) {
    Pair const& oldest = mPairs[(mNext + mPairs.size() - mPending) % mPairs.size()];
    CUDA_CHECK(cudaEventSynchronize(oldest.end.get()));
    samples.push_back(elapsedNs(oldest.start, oldest.end));
    --mPending;
  }

  std::vector<Pair> mPairs;
  std::size_t mNext = 0, mPending = 0;
};

}  // namespace profiler::driver
