/// A ring of event pairs around iterations, read back once the device has passed them.
#pragma once

#include <cstdint>
#include <vector>

#include "device.hpp"

namespace profiler::core {

class EventPairs {
 public:
  EventPairs(Device& device, std::size_t capacity) : mDevice(&device) {
    for (std::size_t i = 0; i < capacity; ++i) mPairs.push_back({device.makeEvent(), device.makeEvent()});
  }

  /// Records the start of the next iteration. When the ring is full the oldest pair is waited for and appended to `samples`.
  void recordStart(void* stream, std::vector<std::int64_t>& samples) {
    if (mPending == mPairs.size()) collectOldest(samples);
    mDevice->record(mPairs[mNext].start.get(), stream);
  }
  void recordEnd(void* stream) {
    mDevice->record(mPairs[mNext].end.get(), stream);
    mNext = (mNext + 1) % mPairs.size();
    ++mPending;
  }
  /// Whether the device has not reached the oldest recorded start yet.
  bool firstIsPending() const { return !mDevice->hasPassed(oldest().start.get()); }
  /// Waits for all recorded pairs and appends their times in order.
  void collectAll(std::vector<std::int64_t>& samples) {
    while (mPending > 0) collectOldest(samples);
  }

 private:
  struct Pair {
    Handle start, end;
  };
  Pair const& oldest() const { return mPairs[(mNext + mPairs.size() - mPending) % mPairs.size()]; }
  void collectOldest(std::vector<std::int64_t>& samples) {
    mDevice->wait(oldest().end.get());
    samples.push_back(mDevice->elapsedNs(oldest().start.get(), oldest().end.get()));
    --mPending;
  }
  Device* mDevice;
  std::vector<Pair> mPairs;
  std::size_t mNext = 0, mPending = 0;
};

}  // namespace profiler::core
