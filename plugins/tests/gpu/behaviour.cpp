/// @file
/// Graph capture, threads and computing in place.
#include "behaviour.hpp"

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "guarded_buffer.hpp"

namespace profiler::plugins::test {
namespace {

constexpr int64_t kCount = 100003;

struct Workload {
  explicit Workload(float seed) : host(kCount), source(sizeof(float) * kCount), target(sizeof(float) * kCount) {
    for (int64_t index = 0; index < kCount; ++index) host[static_cast<size_t>(index)] = seed + 0.001f * static_cast<float>(index % 1000);
    CUDA_CHECK(DeviceInfo::current(device));
    input = {ElementType::kFloat32, {1, {kCount}}, source.at(0)};
    output = {ElementType::kFloat32, {1, {kCount}}, target.at(0)};
    CUDA_CHECK(cudaMemcpyAsync(input.data, host.data(), sizeof(float) * kCount, cudaMemcpyHostToDevice, stream));
    stream.synchronize();
  }

  /// Elements of `view` that are not the op's result for the host input.
  long wrongElements(Op const& op, Attributes const& attributes, TensorView const& view) {
    std::vector<float> result(kCount);
    CUDA_CHECK(cudaMemcpyAsync(result.data(), view.data, sizeof(float) * kCount, cudaMemcpyDeviceToHost, stream));
    stream.synchronize();
    long wrong = 0;
    Shape const one{1, {1}};
    for (int64_t index = 0; index < kCount; ++index) {
      double const value = host[static_cast<size_t>(index)];
      double const* const from = &value;
      double expected = 0.0;
      double* const to = &expected;
      op.reference(attributes, &one, &from, &to);
      wrong += !withinTolerance(result[static_cast<size_t>(index)], expected, ElementType::kFloat32,
                                op.tolerance(attributes, ElementType::kFloat32));
    }
    return wrong;
  }

  std::vector<float> host;
  GuardedBuffer source;
  GuardedBuffer target;
  Stream stream;
  DeviceInfo device;
  TensorView input;
  TensorView output;
};

int report(Op const& op, char const* what, char const* variant, long wrong) {
  if (wrong != 0) {
    std::fprintf(stderr, "%s %s %s: %ld wrong elements\n", op.info().name, what, variant, wrong);
  }
  return wrong != 0;
}

Attributes withVariant(Op const& op, char const* variant) {
  Attributes attributes(op.info().fields);
  cudaCheck(attributes.set("variant", variant) ? cudaSuccess : cudaErrorInvalidValue, variant);
  return attributes;
}

}  // namespace

int checkGraphCapture(Op const& op) {
  int failures = 0;
  for (char const* const variant : op.info().variants()) {
    Attributes const attributes = withVariant(op, variant);
    Workload work(-0.5f);
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    CUDA_CHECK(cudaStreamBeginCapture(work.stream, cudaStreamCaptureModeGlobal));
    cudaError_t const launched = op.launch(attributes, {work.device, work.stream, nullptr, 0}, &work.input, &work.output);
    CUDA_CHECK(cudaStreamEndCapture(work.stream, &graph));
    CUDA_CHECK(launched);
    CUDA_CHECK(cudaGraphInstantiate(&executable, graph, 0));
    CUDA_CHECK(cudaGraphLaunch(executable, work.stream));
    failures += report(op, "graph", variant, work.wrongElements(op, attributes, work.output));
    CUDA_CHECK(cudaGraphExecDestroy(executable));
    CUDA_CHECK(cudaGraphDestroy(graph));
  }
  return failures;
}

int checkThreads(Op const& op) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 25;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&op, &failures, number] {
      try {
        Workload work(static_cast<float>(number));
        for (int round = 0; round < kRounds; ++round) {
          char const* const variant = op.info().variants()[round % op.info().variants().size()];
          Attributes const attributes = withVariant(op, variant);
          work.target.poison(0, sizeof(float) * kCount, work.stream);
          CUDA_CHECK(op.launch(attributes, {work.device, work.stream, nullptr, 0}, &work.input, &work.output));
          failures += report(op, "threads", variant, work.wrongElements(op, attributes, work.output));
        }
      } catch (std::exception const& error) {
        std::fprintf(stderr, "thread %d: %s\n", number, error.what());
        ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return failures;
}

int checkInPlace(Op const& op) {
  int failures = 0;
  for (char const* const variant : op.info().variants()) {
    for (char const* const cache : {"auto", "streaming", "no_allocate"}) {
      Attributes attributes = withVariant(op, variant);
      Workload work(1.5f);
      if (!attributes.set("cache", cache) || op.refusal(attributes, &work.input, &work.input) != nullptr) continue;
      CUDA_CHECK(op.launch(attributes, {work.device, work.stream, nullptr, 0}, &work.input, &work.input));
      failures += report(op, "in place", variant, work.wrongElements(op, attributes, work.input));
    }
  }
  return failures;
}

}  // namespace profiler::plugins::test
