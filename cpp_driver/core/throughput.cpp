// Free-running lanes in several threads; the other half of timing.hpp.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>
#include <system_error>

#include "error.hpp"
#include "iteration.hpp"

namespace profiler::core {
namespace {

constexpr double kEventsInFlight = 256;  // event pairs per lane at most; bounds how far the host runs ahead
constexpr double kAheadShare = 0.05;     // of the longest time that may be measured: work that is still queued when it is over

/// Lets all threads start their measured part together once each has finished its warm-up, or has failed.
class StartLine {
 public:
  explicit StartLine(int threads) : mMissing(threads) {}
  void arriveAndWait() {
    std::unique_lock lock(mMutex);
    arriveLocked();
    mChanged.wait(lock, [&] { return mOpen; });
  }
  void arrive() {
    std::lock_guard const lock(mMutex);
    arriveLocked();
  }
  void waitForAll() {
    std::unique_lock lock(mMutex);
    mChanged.wait(lock, [&] { return mMissing == 0; });
  }
  void open() {
    std::lock_guard const lock(mMutex);
    mOpen = true;
    mChanged.notify_all();
  }

 private:
  void arriveLocked() {
    if (--mMissing == 0) mChanged.notify_all();
  }
  std::mutex mMutex;
  std::condition_variable mChanged;
  int mMissing;
  bool mOpen = false;
};

/// What one thread measured of its lanes.
struct Share {
  std::vector<LaneSamples> samples;
  std::string stopReason;
};

/// One thread's part. Arrives at the start line in any case; the first failure ends the part of every thread.
Share runLanes(std::vector<Lane>& lanes, int thread, TimingRequest const& request, StartLine& start, std::atomic<bool>& failed) {
  Share share;
  bool arrived = false;
  try {
    lanes.front().device().makeCurrent();
    Range const point(request.ranges, RangeKind::kPoint, request.label.c_str());
    auto const warmBegin = Clock::now();
    warmUp(lanes, request);
    double const warmNs = static_cast<double>(nanosecondsSince(warmBegin)) / std::max(1.0, static_cast<double>(request.warmupCount));
    double const ahead = std::clamp(kAheadShare * request.stop.maxSeconds * 1e9 / std::max(warmNs, 1.0), 2.0, kEventsInFlight);
    std::vector<EventPairs> events;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      share.samples.push_back({thread, static_cast<int>(i), {}, {}});
      events.emplace_back(lanes[i].device(), static_cast<std::size_t>(ahead));
      lanes[i].restart();
    }
    for (Lane& lane : lanes) lane.synchronize();
    arrived = true;
    start.arriveAndWait();
    StopJudge judge(request);
    auto const begin = Clock::now();
    for (std::int64_t done = 0; !failed.load(std::memory_order_relaxed) && !judge.ends(done, begin, nullptr); ++done) {
      for (std::size_t i = 0; i < lanes.size(); ++i) enqueueIteration(lanes[i], request, events[i], share.samples[i]);
    }
    for (std::size_t i = 0; i < lanes.size(); ++i) events[i].collectAll(share.samples[i].deviceNs);
    share.stopReason = judge.reason();
    return share;
  } catch (...) {
    failed = true;
    if (!arrived) start.arrive();
    throw;
  }
}

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

}  // namespace

Measurement measureThroughput(std::vector<std::vector<Lane>>& threads, TimingRequest const& request) {
  Device& device = threads.front().front().device();
  StartLine start(static_cast<int>(threads.size()));
  std::atomic<bool> failed{false};
  std::vector<std::future<Share>> shares;
  std::exception_ptr failure;
  try {
    for (std::size_t i = 0; i < threads.size(); ++i) {
      shares.push_back(std::async(std::launch::async, runLanes, std::ref(threads[i]), static_cast<int>(i), std::cref(request),
                                  std::ref(start), std::ref(failed)));
    }
  } catch (std::system_error const& error) {  // the system gives no more threads: those that run are told to give up
    failed = true;
    failure = std::make_exception_ptr(
        Error(ExitCode::kRunFailed, "cannot start thread " + std::to_string(shares.size() + 1) + ": " + error.what()));
    for (std::size_t i = shares.size(); i < threads.size(); ++i) start.arrive();
  }
  start.waitForAll();
  std::exception_ptr const started = failureOf([&] { device.startProfiler(); });
  auto const begin = Clock::now();
  start.open();
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
