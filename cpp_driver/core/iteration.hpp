/// One marked and timed iteration, and the rule that ends a measurement: what isolated and free-running lanes have in common.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "event_pairs.hpp"
#include "statistics.hpp"
#include "timing.hpp"

namespace profiler::core {

using Clock = std::chrono::steady_clock;

inline std::int64_t nanosecondsSince(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
}

/// Decides whether the measurement ends, and why.
class StopJudge {
 public:
  explicit StopJudge(TimingRequest const& request)
      : mRule(request.stop), mIsCancelled(request.isCancelled), mNextCheck(static_cast<double>(request.stop.minIterations)) {}

  /// Iterations that may still follow `done`.
  std::int64_t left(std::int64_t done) const { return mRule.fixedIterations.value_or(mRule.maxIterations) - done; }
  /// Args:
  ///   samples: of a lane whose times tell whether they are stable; null: the least number and time are enough.
  bool ends(std::int64_t done, Clock::time_point begin, std::vector<std::int64_t> const* samples) {
    constexpr double kCheckGrowth = 1.25;  // how much the sample count grows between two looks at the median
    double const seconds = static_cast<double>(nanosecondsSince(begin)) * 1e-9;
    if (mIsCancelled && mIsCancelled()) return stop("cancelled");
    if (mRule.fixedIterations) return done >= *mRule.fixedIterations && stop("iterations");
    if (done >= mRule.maxIterations) return stop("max_iterations");
    if (seconds >= mRule.maxSeconds) return stop("max_time");
    if (done < mRule.minIterations || seconds < mRule.minSeconds) return false;
    if (!samples) return stop("min_time");
    if (static_cast<double>(done) < mNextCheck) return false;
    mNextCheck = static_cast<double>(done) * kCheckGrowth;
    return isMedianStable(*samples, mRule.stability) && stop("stable");
  }
  std::string const& reason() const { return mReason; }

 private:
  bool stop(char const* reason) {
    mReason = reason;
    return true;
  }
  StopRule const& mRule;
  std::function<bool()> const& mIsCancelled;
  double mNextCheck;
  std::string mReason;
};

/// Enqueues one marked and timed iteration and keeps the host time of the enqueue.
inline void enqueueIteration(Lane& lane, TimingRequest const& request, EventPairs& events, LaneSamples& samples) {
  lane.prepareNext();
  events.recordStart(lane.stream(), samples.deviceNs);
  {
    Range const range(request.ranges, RangeKind::kIteration, nullptr, request.bytesPerIteration);
    auto const start = Clock::now();
    lane.enqueueNext();
    samples.hostNs.push_back(nanosecondsSince(start));
  }
  events.recordEnd(lane.stream());
}

/// Enqueues the warm-up of lanes that one thread drives; returns the host time of one iteration of all in ns, preparation included.
template <typename Lanes>
std::int64_t warmUp(Lanes& lanes, TimingRequest const& request) {
  Range const range(request.ranges, RangeKind::kWarmup);
  auto const start = Clock::now();
  for (std::int64_t i = 0; i < request.warmupCount; ++i) {
    for (Lane& lane : lanes) {
      lane.prepareNext();
      lane.enqueueNext();
    }
  }
  std::int64_t const hostNs = nanosecondsSince(start) / std::max<std::int64_t>(1, request.warmupCount);
  for (Lane& lane : lanes) lane.synchronize();
  return hostNs;
}

}  // namespace profiler::core
