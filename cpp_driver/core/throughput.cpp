// Free-running lanes in several threads; the other half of timing.hpp.
#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <future>
#include <system_error>

#include "error.hpp"
#include "iteration.hpp"

namespace profiler::core {
namespace {

constexpr double kEventsInFlight = 256;  // event pairs per lane at most; bounds how far the host runs ahead
constexpr double kAheadShare = 0.05;     // of the longest time that may be measured: work that is still queued when it is over

/// What one thread measured of its lanes.
struct Share {
  std::vector<LaneSamples> samples;
  std::string stopReason;
};

/// What a call throws, so that threads can end before it is passed on.
template <typename Call>
std::exception_ptr failureOf(Call const& call) {
  try {
    call();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

/// One thread's part: warms up, says that it is ready, in any case, and measures once it may go. The first failure ends the part of every
/// thread.
Share runLanes(std::vector<std::reference_wrapper<Lane>> lanes, int thread, TimingRequest const& request, std::promise<void>& ready,
               std::shared_future<void> const& go, std::atomic<bool>& failed) {
  Share share;
  std::vector<EventPairs> events;
  Range const point(request.ranges, RangeKind::kPoint, request.label.c_str());
  auto const prepare = [&] {
    lanes.front().get().device().makeCurrent();
    auto const warmBegin = Clock::now();
    warmUp(lanes, request);
    double const warmNs = static_cast<double>(nanosecondsSince(warmBegin)) / std::max(1.0, static_cast<double>(request.warmupCount));
    double const ahead = std::clamp(kAheadShare * request.stop.maxSeconds * 1e9 / std::max(warmNs, 1.0), 2.0, kEventsInFlight);
    for (Lane& lane : lanes) {
      share.samples.push_back({thread, static_cast<int>(share.samples.size()), {}, {}});
      events.emplace_back(lane.device(), static_cast<std::size_t>(ahead));
      lane.restart();
    }
    for (Lane& lane : lanes) lane.synchronize();
  };
  auto const measure = [&] {
    StopJudge judge(request);
    auto const begin = Clock::now();
    for (std::int64_t done = 0; !failed.load(std::memory_order_relaxed) && !judge.ends(done, begin, nullptr); ++done) {
      for (std::size_t i = 0; i < lanes.size(); ++i) enqueueIteration(lanes[i], request, events[i], share.samples[i]);
    }
    for (std::size_t i = 0; i < lanes.size(); ++i) events[i].collectAll(share.samples[i].deviceNs);
    share.stopReason = judge.reason();
  };
  std::exception_ptr failure = failureOf(prepare);
  failed = failed || failure;
  ready.set_value();
  go.wait();
  if (!failure) failure = failureOf(measure);
  if (failure) {
    failed = true;
    std::rethrow_exception(failure);
  }
  return share;
}

}  // namespace

Measurement measureThroughput(std::vector<Lane>& lanes, int threadCount, TimingRequest const& request) {
  Device& device = lanes.front().device();
  auto const perThread = static_cast<std::ptrdiff_t>(lanes.size()) / threadCount;
  std::promise<void> start;
  std::shared_future<void> const go = start.get_future().share();
  std::vector<std::promise<void>> ready(static_cast<std::size_t>(threadCount));
  std::atomic<bool> failed{false};
  std::vector<std::future<Share>> shares;
  std::exception_ptr failure;
  try {
    for (int thread = 0; thread < threadCount; ++thread) {
      auto const first = lanes.begin() + thread * perThread;
      std::vector<std::reference_wrapper<Lane>> own(first, first + perThread);
      shares.push_back(std::async(std::launch::async, runLanes, std::move(own), thread, std::cref(request),
                                  std::ref(ready[static_cast<std::size_t>(thread)]), std::cref(go), std::ref(failed)));
    }
  } catch (std::system_error const& error) {  // the system gives no more threads: those that run are told to give up
    failed = true;
    failure = std::make_exception_ptr(
        Error(ExitCode::kRunFailed, "cannot start thread " + std::to_string(shares.size() + 1) + ": " + error.what()));
  }
  for (std::size_t i = 0; i < shares.size(); ++i) ready[i].get_future().wait();
  std::exception_ptr const started = failureOf([&] { device.startProfiler(); });
  auto const begin = Clock::now();
  start.set_value();
  for (auto const& share : shares) share.wait();
  std::exception_ptr const idle = failureOf([&] { device.synchronize(); });
  Measurement measurement;
  measurement.warmupCount = request.warmupCount;
  measurement.wallNs = nanosecondsSince(begin);
  device.stopProfiler();
  if (failure) std::rethrow_exception(failure);
  for (auto& share : shares) {
    Share found = share.get();
    if (measurement.stopReason.empty()) measurement.stopReason = found.stopReason;
    for (auto& lane : found.samples) measurement.lanes.push_back(std::move(lane));
  }
  for (auto const& late : {started, idle})
    if (late) std::rethrow_exception(late);
  return measurement;
}

}  // namespace profiler::core
