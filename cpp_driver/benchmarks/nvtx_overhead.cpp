/// Measures what marking iterations with NVTX costs: the host time of one range, and the time of 10 us iterations on a GPU with and
/// without ranges, in alternating rounds. Run it without a profiler for the cost that every user pays. Prints JSON.
#include <cstdio>
#include <vector>

#include "device.hpp"
#include "iteration.hpp"
#include "json.hpp"
#include "profiler/nvtx.hpp"

namespace {

using namespace profiler::core;

constexpr int kRounds = 41;
constexpr int kHostIterations = 1'000'000;
constexpr int kDeviceIterations = 500;
constexpr std::int64_t kIterationNs = 10'000;

/// Median time of an iteration in ns without and with a range around it. Rounds go plain, ranged, ranged, plain, so that a drift of the
/// clock hits both alike; a round ends when `finish` returns.
template <typename Work, typename Finish>
Json compare(int iterations, Work const& work, Finish const& finish) {
  profiler::Point const point({{"op", "overhead"}}, 1);
  std::vector<std::int64_t> plain, ranged;
  auto const round = [&](auto const& iterate) {
    auto const start = Clock::now();
    for (int i = 0; i < iterations; ++i) iterate();
    finish();
    return nanosecondsSince(start);
  };
  auto const inRange = [&] {
    auto const iteration = point.iteration();
    work();
  };
  round(work);
  for (int i = 0; i < kRounds; ++i) {
    plain.push_back(round(work));
    ranged.push_back(round(inRange));
    ranged.push_back(round(inRange));
    plain.push_back(round(work));
  }
  double const plainNs = median(plain) / iterations, rangedNs = median(ranged) / iterations;
  return {{"plain_ns", plainNs}, {"ranged_ns", rangedNs}, {"overhead_pct", (rangedNs / plainNs - 1.0) * 100.0}, {"rounds", plain.size()}};
}

/// Args:
///   eachWaits: the host waits for every iteration, so that its own time is never hidden behind the device's.
Json compareOnDevice(Device& device, bool eachWaits) {
  Handle const stream = device.makeStream(false);
  auto const launch = [&] {
    device.delay(kIterationNs, stream.get());
    if (eachWaits) device.synchronize(stream.get());
  };
  return compare(kDeviceIterations, launch, [&] { device.synchronize(stream.get()); });
}

}  // namespace

int main() {
  // the empty statement keeps the compiler from removing or merging the loop that it stands in
  Json const host = compare(kHostIterations, [] { asm volatile("" ::: "memory"); }, [] {});
  double const cost = host["ranged_ns"].get<double>() - host["plain_ns"].get<double>();
  Json json = {
      {"iteration_ns", kIterationNs}, {"range_cost_ns", cost}, {"range_cost_pct", cost / static_cast<double>(kIterationNs) * 100.0}};
  if (cudaDeviceCount() > 0) {
    json["queued"] = compareOnDevice(cudaDevice(0), false);
    json["waited"] = compareOnDevice(cudaDevice(0), true);
  }
  std::printf("%s\n", dump(json).c_str());
  return 0;
}
