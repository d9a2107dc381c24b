/// Measures one point: lanes and buffers, the checks before and after, and the timing between them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "device.hpp"
#include "json.hpp"
#include "nvml.hpp"
#include "ranges.hpp"
#include "settings.hpp"
#include "timing.hpp"
#include "verification.hpp"

namespace profiler::core {

/// One configuration ready to run. Inputs precede outputs in `tensors`.
struct Workload {
  std::string engine;
  std::vector<TensorSpec> tensors;
  std::function<Executor()> makeExecutor;
  std::optional<Reference> reference;             ///< Absent when there is nothing to compare with.
  Json facts = Json::object();                    ///< Members of the record: `launch`, `layers`, `engine_digest` and the like.
  std::optional<std::int64_t> bytesPerIteration;  ///< What an iteration must move; absent: every tensor once.
  std::int64_t launchesPerIteration = 1;          ///< Kernels and copies that an iteration puts into the launch queue.
};

enum class PointStatus { kOk, kFailed, kWrongOutput, kSkipped };

inline constexpr char const* kPointStatusNames[] = {"ok", "failed", "wrong_output", "skipped"};

inline char const* pointStatusName(PointStatus status) { return kPointStatusNames[static_cast<std::size_t>(status)]; }

/// Everything that is known about one point after it ran.
struct PointResult {
  PointRequest request;
  std::size_t number = 0;
  std::optional<Workload> workload;
  PointStatus status = PointStatus::kFailed;
  std::optional<std::string> reason;
  std::optional<Verification> verification;
  Json outputs = Json::array();
  std::optional<CachePlan> cachePlan;
  std::optional<bool> keepsToStream;  ///< False: work escaped the given stream; absent: could not be told.
  bool isolated = true;
  bool onHost = false;
  std::optional<Measurement> measurement;
  GpuState before, after;
  bool deviceLost = false;  ///< The CUDA context is unusable; only a new process can go on.
};

/// What a measurement runs with.
struct MeasureContext {
  Device& device;
  Nvml const& nvml;
  Annotator& ranges;
  Settings settings;
  OutputRequest outputs;
  std::function<bool()> isCancelled;  ///< May be empty.
};

/// Runs one point; whatever goes wrong with it is in the result.
///
/// Args:
///   makeWorkload: makes the engine of the point ready. What it throws ends the point: Unsupported as skipped, all else as failed.
///   number: place in the sweep, added to the seed.
PointResult measurePoint(MeasureContext const& context, PointRequest const& request, std::size_t number,
                         std::function<Workload()> const& makeWorkload);

/// The point's record of docs/formats.md.
Json pointJson(PointResult const& result);

/// A device and the driver's version, as `device` and `versions.driver` of the result document.
Json deviceJson(DeviceFacts const& device);

}  // namespace profiler::core
