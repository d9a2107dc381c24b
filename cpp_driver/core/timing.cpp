#include "timing.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "iteration.hpp"

namespace profiler::core {
namespace {

constexpr std::int64_t kBatch = 16;
constexpr std::int64_t kQueueLimit = 512;  // launches of a batch; the queue takes about 1000, and into a full one the host waits
constexpr std::int64_t kEventsPerIteration = 2;
constexpr std::int64_t kFirstHostNs = 100'000;  // of an iteration that no warm-up has shown
constexpr std::size_t kGapShare = 20;           // one sample in so many may hold a launch gap: a host that was interrupted
constexpr std::int64_t kDelaySlackNs = 30'000;  // the host's way from the delay's launch to the first event
constexpr std::int64_t kMaxDelayNs = 50'000'000;

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
  // Iterations that a held stream can take.
  auto const mostABatch = std::clamp<std::int64_t>(kQueueLimit / (request.launchesPerIteration + kEventsPerIteration), 1, kBatch);
  EventPairs events(lane.device(), static_cast<std::size_t>(mostABatch));
  std::array<std::reference_wrapper<Lane>, 1> lanes = {lane};
  std::int64_t const warmNs = warmUp(lanes, request);
  std::int64_t batchHostNs = mostABatch * (request.warmupCount > 0 ? warmNs : kFirstHostNs);
  lane.restart();
  lane.synchronize();
  StopJudge judge(request);
  std::size_t gapped = 0;
  ProfilerWindow const window(lane.device());
  auto const begin = Clock::now();
  do {
    std::int64_t const batch = std::min(mostABatch, judge.left(static_cast<std::int64_t>(samples.deviceNs.size())));
    std::int64_t const delayNs = std::min(batchHostNs + batchHostNs / 2 + kDelaySlackNs, kMaxDelayNs);
    if (request.hold) lane.device().delay(delayNs, lane.stream());
    auto const batchStart = Clock::now();
    for (std::int64_t i = 0; i < batch; ++i) enqueueIteration(lane, request, events, samples);
    batchHostNs = nanosecondsSince(batchStart);
    if (!events.firstIsPending()) gapped += static_cast<std::size_t>(batch);
    events.collectAll(samples.deviceNs);
    // the host's own events stand outside of the range, whose marking is no work of the iteration
    if (lane.device().isHost()) std::copy(samples.hostNs.end() - batch, samples.hostNs.end(), samples.deviceNs.end() - batch);
  } while (!judge.ends(static_cast<std::int64_t>(samples.deviceNs.size()), begin, &samples.deviceNs));
  measurement.stopReason = judge.reason();
  measurement.held = gapped * kGapShare <= samples.deviceNs.size();
  return measurement;
}

}  // namespace profiler::core
