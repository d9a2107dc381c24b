/// Measures what marking iterations with NVTX costs: the host time of one range, and the time of 10 us iterations on a GPU with and
/// without ranges, in alternating rounds. Run it without a profiler for the cost that every user pays. Prints JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "device.hpp"
#include "json.hpp"
#include "profiler/nvtx.hpp"
#include "statistics.hpp"

namespace {

using namespace profiler::core;
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
double rangeCostNs(profiler::Point const& point) {
  std::vector<std::int64_t> empty, ranged;
  for (int round = 0; round < kRounds; ++round) {
    auto start = Clock::now();
    for (int i = 0; i < kRangesPerRound; ++i) keepLoop();
    empty.push_back(nanosecondsSince(start));
    start = Clock::now();
    for (int i = 0; i < kRangesPerRound; ++i) {
      auto const iteration = point.iteration();
      keepLoop();
    }
    ranged.push_back(nanosecondsSince(start));
  }
  return (median(ranged) - median(empty)) / kRangesPerRound;
}

/// Time of a round of iterations in ns, from the first launch until the device is idle.
template <typename Iterate>
std::int64_t roundNs(Device& device, void* stream, Iterate const& iterate) {
  auto const start = Clock::now();
  for (int i = 0; i < kIterationsPerRound; ++i) iterate();
  device.synchronize(stream);
  return nanosecondsSince(start);
}

struct RoundTimes {
  std::vector<std::int64_t> plain, ranged;
};

/// Rounds in the order plain, ranged, ranged, plain, so that a drift of the clock hits both alike.
///
/// Args:
///   eachWaits: the host waits for every iteration, so that its own time is never hidden behind the device's.
RoundTimes deviceRounds(Device& device, profiler::Point const& point, bool eachWaits) {
  Handle const stream = device.makeStream(false);
  auto const launch = [&] {
    device.delay(kIterationNs, stream.get());
    if (eachWaits) device.synchronize(stream.get());
  };
  auto const plain = [&] { return roundNs(device, stream.get(), launch); };
  auto const ranged = [&] {
    return roundNs(device, stream.get(), [&] {
      auto const iteration = point.iteration();
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

Json roundsJson(RoundTimes const& times) {
  double const plain = median(times.plain) / kIterationsPerRound;
  double const ranged = median(times.ranged) / kIterationsPerRound;
  return {{"plain_ns", plain}, {"ranged_ns", ranged}, {"overhead_pct", (ranged / plain - 1.0) * 100.0}, {"rounds", times.plain.size()}};
}

}  // namespace

int main() {
  profiler::Point const point({{"op", "overhead"}}, 1);
  double const cost = rangeCostNs(point);
  Json json = {
      {"iteration_ns", kIterationNs}, {"range_cost_ns", cost}, {"range_cost_pct", cost / static_cast<double>(kIterationNs) * 100.0}};
  if (cudaDeviceCount() > 0) {
    json["queued"] = roundsJson(deviceRounds(cudaDevice(0), point, false));
    json["waited"] = roundsJson(deviceRounds(cudaDevice(0), point, true));
  }
  std::printf("%s\n", dump(json).c_str());
  return 0;
}
