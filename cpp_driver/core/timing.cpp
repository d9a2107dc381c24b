#include "timing.hpp"

#include <algorithm>
#include <chrono>

#include "event_pairs.hpp"
#include "statistics.hpp"

namespace profiler::core {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kBatch = 16;
constexpr std::int64_t kQueueLimit = 512;  // launches of a batch; the queue takes about 1000, and into a full one the host waits
constexpr std::int64_t kEventsPerIteration = 2;
constexpr std::int64_t kFirstHostNs = 100'000;  // of an iteration that no warm-up has shown
constexpr std::size_t kGapShare = 20;           // one sample in so many may hold a launch gap: a host that was interrupted
constexpr std::int64_t kDelaySlackNs = 30'000;  // the host's way from the delay's launch to the first event
constexpr std::int64_t kMaxDelayNs = 50'000'000;
constexpr double kCheckGrowth = 1.25;  // how much the sample count grows between two looks at the median

std::int64_t nanosecondsSince(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

/// Decides after each batch whether the measurement ends, and why.
class StopJudge {
 public:
  StopJudge(TimingRequest const& request, std::int64_t batch)
      : mRule(request.stop),
        mIsCancelled(request.isCancelled),
        mBatch(batch),
        mNextCheck(static_cast<double>(request.stop.minIterations)) {}

  std::int64_t nextBatch(std::int64_t done) const {
    std::int64_t const most = mRule.fixedIterations.value_or(mRule.maxIterations);
    return std::min(mBatch, most - done);
  }
  bool ends(std::vector<std::int64_t> const& samples, double seconds) {
    auto const count = static_cast<std::int64_t>(samples.size());
    if (mIsCancelled && mIsCancelled()) return stop("cancelled");
    if (mRule.fixedIterations) return count >= *mRule.fixedIterations && stop("iterations");
    if (count >= mRule.maxIterations) return stop("max_iterations");
    if (seconds >= mRule.maxSeconds) return stop("max_time");
    if (count < mRule.minIterations || seconds < mRule.minSeconds || static_cast<double>(count) < mNextCheck) return false;
    mNextCheck = static_cast<double>(count) * kCheckGrowth;
    return isMedianStable(samples, mRule.stability) && stop("stable");
  }
  std::string const& reason() const { return mReason; }

 private:
  bool stop(char const* reason) {
    mReason = reason;
    return true;
  }
  StopRule const& mRule;
  std::function<bool()> const& mIsCancelled;
  std::int64_t mBatch;
  double mNextCheck;
  std::string mReason;
};

/// Iterations that a held stream can take.
std::int64_t batchSize(std::int64_t launchesPerIteration) {
  return std::clamp<std::int64_t>(kQueueLimit / (launchesPerIteration + kEventsPerIteration), 1, kBatch);
}

/// Runs the warm-up and returns the host time of one iteration in ns, preparation included.
std::int64_t warmUp(Lane& lane, TimingRequest const& request) {
  Range const range(request.ranges, RangeKind::kWarmup);
  std::int64_t const count = request.warmupCount;
  auto const start = Clock::now();
  for (std::int64_t i = 0; i < count; ++i) {
    lane.prepareNext();
    lane.enqueueNext();
  }
  std::int64_t const hostNs = count > 0 ? nanosecondsSince(start) / count : kFirstHostNs;
  lane.synchronize();
  return hostNs;
}

/// Enqueues one marked and timed iteration and returns the host time of the enqueue in ns.
std::int64_t enqueueIteration(Lane& lane, TimingRequest const& request, EventPairs& events, std::vector<std::int64_t>& samples) {
  lane.prepareNext();
  events.recordStart(lane.stream(), samples);
  Clock::time_point start;
  std::int64_t hostNs = 0;
  {
    Range const range(request.ranges, RangeKind::kIteration, nullptr, request.bytesPerIteration);
    start = Clock::now();
    lane.enqueueNext();
    hostNs = nanosecondsSince(start);
  }
  events.recordEnd(lane.stream());
  return hostNs;
}

/// Starts a tool's recording around the measured part and stops it on every path.
class ProfilerWindow {
 public:
  explicit ProfilerWindow(Device& device) : mDevice(device) { mDevice.startProfiler(); }
  ~ProfilerWindow() { mDevice.stopProfiler(); }
  ProfilerWindow(ProfilerWindow const&) = delete;
  ProfilerWindow& operator=(ProfilerWindow const&) = delete;

 private:
  Device& mDevice;
};

}  // namespace

Measurement measureIsolated(Lane& lane, TimingRequest const& request) {
  Measurement measurement;
  measurement.warmupCount = request.warmupCount;
  measurement.lanes.resize(1);
  auto& samples = measurement.lanes[0];
  std::int64_t const mostABatch = batchSize(request.launchesPerIteration);
  EventPairs events(lane.device(), static_cast<std::size_t>(mostABatch));
  std::int64_t batchHostNs = mostABatch * warmUp(lane, request);
  lane.restart();
  lane.synchronize();
  StopJudge judge(request, mostABatch);
  std::size_t gapped = 0;
  ProfilerWindow const window(lane.device());
  auto const begin = Clock::now();
  do {
    std::int64_t const batch = judge.nextBatch(static_cast<std::int64_t>(samples.deviceNs.size()));
    std::int64_t const delayNs = std::min(batchHostNs + batchHostNs / 2 + kDelaySlackNs, kMaxDelayNs);
    if (request.hold) lane.device().delay(delayNs, lane.stream());
    auto const batchStart = Clock::now();
    for (std::int64_t i = 0; i < batch; ++i) samples.hostNs.push_back(enqueueIteration(lane, request, events, samples.deviceNs));
    batchHostNs = nanosecondsSince(batchStart);
    if (!events.firstIsPending()) gapped += static_cast<std::size_t>(batch);
    events.collectAll(samples.deviceNs);
    // the host's own events stand outside of the range, whose marking is no work of the iteration
    if (lane.device().isHost()) std::copy(samples.hostNs.end() - batch, samples.hostNs.end(), samples.deviceNs.end() - batch);
  } while (!judge.ends(samples.deviceNs, static_cast<double>(nanosecondsSince(begin)) * 1e-9));
  measurement.stopReason = judge.reason();
  measurement.held = gapped * kGapShare <= samples.deviceNs.size();
  return measurement;
}

}  // namespace profiler::core
