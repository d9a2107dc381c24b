/// A lane: one stream with its own executor and buffers. A thread drives one lane or several, never two threads one lane.
#pragma once

#include <algorithm>
#include <vector>

#include "buffers.hpp"
#include "point.hpp"
#include "workload.hpp"

namespace profiler::core {

class Lane {
 public:
  /// Args:
  ///   executor: of the workload that `ring` holds the tensors of.
  ///   blocking: whether the stream waits for the legacy default stream.
  Lane(Executor executor, BufferRing ring, bool blocking)
      : mExecutor(std::move(executor)), mRing(std::move(ring)), mStream(mRing.device().makeStream(blocking)) {}

  void* stream() const { return mStream.get(); }
  BufferRing& ring() { return mRing; }
  Device& device() { return mRing.device(); }
  void synchronize() { device().synchronize(stream()); }

  /// Enqueues one iteration on one buffer set by a plain launch, on the lane's stream or another one.
  void enqueueOn(std::size_t set) { enqueueOn(set, mStream.get()); }
  void enqueueOn(std::size_t set, void* stream) {
    mExecutor.bind(mRing.addresses(set));
    mExecutor.enqueue(stream);
  }
  /// Captures one graph per buffer set; iterations launch them from then on. A plain iteration must have run before (TensorRT).
  void captureGraphs() {
    std::vector<Handle> graphs;
    graphs.reserve(mRing.setCount());
    for (std::size_t set = 0; set < mRing.setCount(); ++set) graphs.push_back(device().capture(stream(), [&] { enqueueOn(set); }));
    synchronize();
    mGraphs = std::move(graphs);
  }
  /// Poisons the outputs of all sets and begins anew with set 0: what the measured iterations write is told from what was there.
  void restart() {
    mRing.poisonAll(mStream.get());
    mSet = mRing.setCount() - 1;
    mUsedSets = 0;
  }
  /// Selects the next buffer set and, where the plan says so, flushes the cache; outside of every measured interval.
  void prepareNext() {
    mSet = (mSet + 1) % mRing.setCount();
    mUsedSets = std::max(mUsedSets, mSet + 1);
    if (mGraphs.empty()) mExecutor.bind(mRing.addresses(mSet));
    mRing.flush(mStream.get());
  }
  /// Enqueues the prepared iteration.
  void enqueueNext() {
    if (mGraphs.empty()) {
      mExecutor.enqueue(mStream.get());
    } else {
      device().launch(mGraphs[mSet].get(), mStream.get());
    }
  }
  /// Number of sets, from 0 on, that an iteration has used since the restart.
  std::size_t usedSets() const { return mUsedSets; }

 private:
  Executor mExecutor;
  BufferRing mRing;
  Handle mStream;
  std::vector<Handle> mGraphs;
  std::size_t mSet = 0, mUsedSets = 0;
};

}  // namespace profiler::core
