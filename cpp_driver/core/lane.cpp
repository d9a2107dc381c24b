#include "lane.hpp"

#include <algorithm>

namespace profiler::core {
Lane::Lane(Executor executor, BufferRing ring, bool blocking)
    : mExecutor(std::move(executor)), mRing(std::move(ring)), mStream(mRing.device().makeStream(blocking)) {}

void Lane::enqueueOn(std::size_t set, void* stream) {
  mExecutor.bind(mRing.addresses(set));
  mExecutor.enqueue(stream);
}

void Lane::captureGraphs() {
  std::vector<Handle> graphs;
  graphs.reserve(mRing.setCount());
  for (std::size_t set = 0; set < mRing.setCount(); ++set) graphs.push_back(device().capture(stream(), [&] { enqueueOn(set); }));
  synchronize();
  mGraphs = std::move(graphs);
}

void Lane::restart() {
  mRing.poisonAll(mStream.get());
  mSet = mRing.setCount() - 1;
  mUsedSets = 0;
}

void Lane::prepareNext() {
  mSet = (mSet + 1) % mRing.setCount();
  mUsedSets = std::max(mUsedSets, mSet + 1);
  if (mGraphs.empty()) mExecutor.bind(mRing.addresses(mSet));
  mRing.flush(mStream.get());
}

void Lane::enqueueNext() {
  if (mGraphs.empty()) {
    mExecutor.enqueue(mStream.get());
  } else {
    device().launch(mGraphs[mSet].get(), mStream.get());
  }
}

}  // namespace profiler::core
