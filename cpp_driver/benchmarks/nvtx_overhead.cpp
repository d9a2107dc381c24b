/// Measures what marking iterations with NVTX costs: the host time of one range, and the time of 10 us iterations on a GPU with and
/// without ranges, in alternating rounds. Run it without a profiler for the cost that every user pays. Prints JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "cuda_handles.hpp"
#include "device_kernels.hpp"
#include "json_writer.hpp"
#include "profiler/nvtx.hpp"
#include "statistics.hpp"

namespace {

using namespace profiler::driver;
using Clock = std::chrono::steady_clock;

constexpr int kRounds = 41;
constexpr int kRangesPerRound = 1'000'000;
constexpr int kIterationsPerRound = 500;
constexpr std::int64_t kIterationNs = 10'000;

std::int64_t nanosecondsSince(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

/// Keeps the compiler from removing or merging the loop that it stands in.
void keepLoop() { asm volatile("" ::: "memory"); }

/// Median host time of one iteration range in ns, the loop itself taken off.
double rangeCostNs(const profiler::Point& point) {
  std::vector<std::int64_t> empty, ranged;
  for (int round = 0; round < kRounds; ++round) {
    auto start = Clock::now();
    for (int i = 0; i < kRangesPerRound; ++i) keepLoop();
    empty.push_back(nanosecondsSince(start));
    start = Clock::now();
    for (int i = 0; i < kRangesPerRound; ++i) {
      const auto iteration = point.iteration();
      keepLoop();
    }
    ranged.push_back(nanosecondsSince(start));
  }
  return (median(ranged) - median(empty)) / kRangesPerRound;
}

/// Time of a round of iterations in ns, from the first launch until the device is idle.
template <typename Iterate>
std::int64_t roundNs(cudaStream_t stream, const Iterate& iterate) {
  const auto start = Clock::now();
  for (int i = 0; i < kIterationsPerRound; ++i) iterate();
  CUDA_CHECK(cudaStreamSynchronize(stream));
  return nanosecondsSince(start);
}

struct RoundTimes {
  std::vector<std::int64_t> plain, ranged;
};

/// Rounds in the order plain, ranged, ranged, plain, so that a drift of the clock hits both alike.
///
/// Args:
///   eachWaits: the host waits for every iteration, so that its own time is never hidden behind the device's.
RoundTimes deviceRounds(const profiler::Point& point, bool eachWaits) {
  const Stream stream = makeStream(cudaStreamNonBlocking);
  const auto launch = [&] {
    enqueueDelay(kIterationNs, stream.get());
    if (eachWaits) CUDA_CHECK(cudaStreamSynchronize(stream.get()));
  };
  const auto plain = [&] { return roundNs(stream.get(), launch); };
  const auto ranged = [&] {
    return roundNs(stream.get(), [&] {
      const auto iteration = point.iteration();
      launch();
    });
  };
  plain();
  RoundTimes times;
  for (int round = 0; round < kRounds; ++round) {
    times.plain.push_back(plain());
    times.ranged.push_back(ranged());
    times.ranged.push_back(ranged());
    times.plain.push_back(plain());
  }
  return times;
}

void writeDeviceRounds(JsonWriter& json, const char* name, const RoundTimes& times) {
  const double plain = median(times.plain) / kIterationsPerRound;
  const double ranged = median(times.ranged) / kIterationsPerRound;
  json.key(name).beginObject().field("plain_ns", plain).field("ranged_ns", ranged);
  json.field("overhead_pct", (ranged / plain - 1.0) * 100.0).field("rounds", times.plain.size()).endObject();
}

}  // namespace

int main() {
  const profiler::Point point({{"op", "overhead"}}, 1);
  JsonWriter json;
  const double cost = rangeCostNs(point);
  json.beginObject().field("iteration_ns", kIterationNs).field("range_cost_ns", cost);
  json.field("range_cost_pct", cost / static_cast<double>(kIterationNs) * 100.0);
  int devices = 0;
  if (cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0) {
    writeDeviceRounds(json, "queued", deviceRounds(point, false));
    writeDeviceRounds(json, "waited", deviceRounds(point, true));
  }
  std::printf("%s\n", json.endObject().text().c_str());
  return 0;
}
