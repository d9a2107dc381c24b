// Free-running lanes in several threads; the other half of timing.hpp.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "error.hpp"
#include "event_pairs.hpp"
#include "timing.hpp"

namespace profiler::core {
namespace {

using Clock = std::chrono::steady_clock;

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

/// One thread's share: its lanes, their events and samples.
class Worker {
 public:
  Worker(std::vector<Lane*> const& lanes, int thread, TimingRequest const& request)
      : mLanes(lanes), mRequest(request), mPoint(request.ranges, RangeKind::kPoint, request.label.c_str()) {
    for (std::size_t stream = 0; stream < lanes.size(); ++stream) mSamples.push_back({thread, static_cast<int>(stream), {}, {}});
  }

  void warmUp() {
    Range const range(mRequest.ranges, RangeKind::kWarmup);
    auto const begin = Clock::now();
    for (std::int64_t i = 0; i < mRequest.warmupCount; ++i) {
      for (Lane* lane : mLanes) {
        lane->prepareNext();
        lane->enqueueNext();
      }
    }
    for (Lane* lane : mLanes) lane->synchronize();
    double const seconds = secondsSince(begin) / static_cast<double>(std::max<std::int64_t>(1, mRequest.warmupCount));
    double const ahead = std::clamp(kAheadShare * mRequest.stop.maxSeconds / std::max(seconds, 1e-9), 2.0, kEventsInFlight);
    for (Lane* lane : mLanes) {
      mEvents.emplace_back(lane->device(), static_cast<std::size_t>(ahead));
      lane->restart();
    }
    for (Lane* lane : mLanes) lane->synchronize();
  }

  void measure(std::atomic<bool> const& failed) {
    auto const begin = Clock::now();
    for (std::int64_t done = 0; !failed.load(std::memory_order_relaxed) && !ends(done, begin); ++done) {
      for (std::size_t i = 0; i < mLanes.size(); ++i) iterate(*mLanes[i], mEvents[i], mSamples[i]);
    }
    for (std::size_t i = 0; i < mLanes.size(); ++i) mEvents[i].collectAll(mSamples[i].deviceNs);
  }

  std::vector<LaneSamples> takeSamples() { return std::move(mSamples); }
  char const* stopReason() const { return mStopReason; }

 private:
  static double secondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

  /// Returns whether the measurement is over, and keeps why.
  bool ends(std::int64_t done, Clock::time_point begin) {
    StopRule const& rule = mRequest.stop;
    if (mRequest.isCancelled && mRequest.isCancelled()) {
      mStopReason = "cancelled";
      return true;
    }
    double const seconds = secondsSince(begin);
    if (rule.fixedIterations) {
      mStopReason = "iterations";
      return done >= *rule.fixedIterations;
    }
    mStopReason = done >= rule.maxIterations ? "max_iterations" : seconds >= rule.maxSeconds ? "max_time" : "min_time";
    return done >= rule.maxIterations || seconds >= rule.maxSeconds || (done >= rule.minIterations && seconds >= rule.minSeconds);
  }

  void iterate(Lane& lane, EventPairs& events, LaneSamples& samples) {
    lane.prepareNext();
    events.recordStart(lane.stream(), samples.deviceNs);
    {
      Range const range(mRequest.ranges, RangeKind::kIteration, nullptr, mRequest.bytesPerIteration);
      auto const start = Clock::now();
      lane.enqueueNext();
      samples.hostNs.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count());
    }
    events.recordEnd(lane.stream());
  }

  std::vector<Lane*> mLanes;
  TimingRequest const& mRequest;
  Range mPoint;
  std::vector<EventPairs> mEvents;
  std::vector<LaneSamples> mSamples;
  char const* mStopReason = "";
};

struct Outcome {
  std::vector<LaneSamples> samples;
  char const* stopReason = "";
  std::exception_ptr failure;
};

void runWorker(std::vector<Lane*> const& lanes, int thread, TimingRequest const& request, StartLine& start, std::atomic<bool>& failed,
               Outcome& outcome) {
  bool arrived = false;
  try {
    lanes.front()->device().makeCurrent();
    Worker worker(lanes, thread, request);
    worker.warmUp();
    arrived = true;
    start.arriveAndWait();
    worker.measure(failed);
    outcome.samples = worker.takeSamples();
    outcome.stopReason = worker.stopReason();
  } catch (...) {
    outcome.failure = std::current_exception();
    failed = true;
    if (!arrived) start.arrive();
  }
}

/// Starts a thread for each worker. Where the system gives no more threads, those that run are told to give up.
template <typename Start>
void startWorkers(std::size_t count, std::vector<std::thread>& workers, StartLine& start, std::atomic<bool>& failed,
                  std::exception_ptr& failure, Start const& startOne) {
  workers.reserve(count);
  try {
    for (std::size_t i = 0; i < count; ++i) workers.push_back(startOne(i));
  } catch (std::system_error const& error) {
    failed = true;
    failure = std::make_exception_ptr(
        Error(ExitCode::kRunFailed, "cannot start thread " + std::to_string(workers.size() + 1) + ": " + error.what()));
    for (std::size_t i = workers.size(); i < count; ++i) start.arrive();
  }
}

/// What a call throws, so that threads can be joined before it is passed on.
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

Measurement measureThroughput(std::vector<std::vector<Lane*>> const& threads, TimingRequest const& request) {
  Device& device = threads.front().front()->device();
  StartLine start(static_cast<int>(threads.size()));
  std::atomic<bool> failed{false};
  std::vector<Outcome> outcomes(threads.size());
  std::vector<std::thread> workers;
  std::exception_ptr failure;
  startWorkers(threads.size(), workers, start, failed, failure, [&](std::size_t i) {
    return std::thread(runWorker, std::cref(threads[i]), static_cast<int>(i), std::cref(request), std::ref(start), std::ref(failed),
                       std::ref(outcomes[i]));
  });
  start.waitForAll();
  std::exception_ptr const started = failureOf([&] { device.startProfiler(); });
  auto const begin = Clock::now();
  start.open();
  for (auto& worker : workers) worker.join();
  std::exception_ptr const idle = failureOf([&] { device.synchronize(); });
  std::int64_t const wallNs = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begin).count();
  device.stopProfiler();
  if (failure) std::rethrow_exception(failure);
  Measurement measurement;
  for (auto& outcome : outcomes) {
    if (outcome.failure) std::rethrow_exception(outcome.failure);
    for (auto& lane : outcome.samples) measurement.lanes.push_back(std::move(lane));
  }
  for (auto const& late : {started, idle}) {
    if (late) std::rethrow_exception(late);
  }
  measurement.warmupCount = request.warmupCount;
  measurement.wallNs = wallNs;
  measurement.stopReason = outcomes.front().stopReason;
  return measurement;
}

}  // namespace profiler::core
