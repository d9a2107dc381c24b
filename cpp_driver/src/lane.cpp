#include "lane.hpp"

#include <algorithm>

namespace profiler::driver {
namespace {

/// Ends a capture on every path: a stream that stays in capture mode poisons all later calls.
class Capture {
 public:
  explicit Capture(cudaStream_t stream) : mStream(stream) { CUDA_CHECK(cudaStreamBeginCapture(mStream, cudaStreamCaptureModeThreadLocal)); }
  ~Capture() {
    if (mEnded) return;
    cudaGraph_t abandoned = nullptr;
    cudaStreamEndCapture(mStream, &abandoned);
    if (abandoned) cudaGraphDestroy(abandoned);
    cudaGetLastError();
  }
  Graph end() {
    mEnded = true;
    cudaGraph_t graph = nullptr;
    CUDA_CHECK(cudaStreamEndCapture(mStream, &graph));
    return Graph(graph);
  }

 private:
  cudaStream_t mStream;
  bool mEnded = false;
};

}  // namespace

Lane::Lane(std::unique_ptr<Executor> executor, BufferRing ring, unsigned int streamFlags)
    : mExecutor(std::move(executor)), mRing(std::move(ring)), mStream(makeStream(streamFlags)) {}

void Lane::enqueueOn(std::size_t set, cudaStream_t stream) {
  mExecutor->bind(mRing.addresses(set));
  mExecutor->enqueue(stream);
}

void Lane::captureGraphs() {
  std::vector<GraphExec> graphs;
  for (std::size_t set = 0; set < mRing.setCount(); ++set) {
    Capture capture(mStream.get());
    enqueueOn(set);
    Graph const graph = capture.end();
    cudaGraphExec_t executable = nullptr;
    CUDA_CHECK(cudaGraphInstantiateWithFlags(&executable, graph.get(), 0));
    graphs.emplace_back(executable);
    CUDA_CHECK(cudaGraphUpload(executable, mStream.get()));
  }
  CUDA_CHECK(cudaStreamSynchronize(mStream.get()));
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
  if (mGraphs.empty()) mExecutor->bind(mRing.addresses(mSet));
  mRing.flush(mStream.get());
}

void Lane::enqueueNext() {
  if (mGraphs.empty()) {
    mExecutor->enqueue(mStream.get());
  } else {
    CUDA_CHECK(cudaGraphLaunch(mGraphs[mSet].get(), mStream.get()));
  }
}

}  // namespace profiler::driver
