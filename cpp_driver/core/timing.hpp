/// Times the iterations of lanes with the device's events and keeps every sample.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lane.hpp"
#include "ranges.hpp"
#include "settings.hpp"

namespace profiler::core {

struct LaneSamples {
  int thread = 0, stream = 0;
  std::vector<std::int64_t> deviceNs, hostNs;
};

struct Measurement {
  std::vector<LaneSamples> lanes;      ///< Thread by thread, stream by stream.
  std::int64_t warmupCount = 0;        ///< Per lane.
  std::optional<std::int64_t> wallNs;  ///< Throughput mode: from the common start until the last lane was idle.
  std::string stopReason;              ///< `iterations`, `stable`, `max_iterations`, `max_time`, `min_time` or `cancelled`.
  bool held = true;                    ///< Isolated mode: no launch gap stands in the samples, save for 1 in 20 at most.
};

/// What marks and bounds a measurement.
struct TimingRequest {
  Annotator& ranges;
  std::string label;
  std::int64_t bytesPerIteration = 0;
  std::int64_t warmupCount = 0;
  StopRule stop;
  std::int64_t launchesPerIteration = 1;  ///< Kernels and copies, or one graph, that an iteration puts into the launch queue.
  bool hold = true;                       ///< Whether the stream may be held; not under a tool that replays kernels.
  std::function<bool()> isCancelled;      ///< May be empty.
};

/// One lane, batch by batch: a delay kernel holds the stream while the host enqueues a batch, so an interval between two events
/// holds the work of one iteration and no launch gap. An iteration with more launches than the queue takes cannot be held.
Measurement measureIsolated(Lane& lane, TimingRequest const& request);

/// All lanes at once, each thread round-robin over its own; nothing holds the streams back. Samples overlap where lanes do, so
/// throughput comes from the iteration count and the wall time. Each thread opens a range of the point of its own.
///
/// Args:
///   lanes: thread by thread, as many of each.
Measurement measureThroughput(std::vector<Lane>& lanes, int threadCount, TimingRequest const& request);

}  // namespace profiler::core
