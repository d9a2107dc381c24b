/// Measures one point: lanes and buffers, the checks before and after, and the timing between them.
#pragma once

#include <functional>
#include <memory>
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

enum class PointStatus { kOk, kFailed, kWrongOutput, kSkipped };

char const* pointStatusName(PointStatus status);

/// Everything that is known about one point after it ran.
struct PointResult {
  PointRequest request;
  std::size_t number = 0;
  std::string engineName;
  PointStatus status = PointStatus::kFailed;
  std::optional<std::string> reason;
  std::vector<TensorSpec> tensors;
  std::optional<std::int64_t> bytesPerIteration;
  Json facts = Json::object();  ///< Members of the record that the engine knows.
  std::optional<Verification> verification;
  std::vector<OutputRecord> outputs;
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
                         std::function<std::unique_ptr<Workload>()> const& makeWorkload);

/// The point's record of docs/formats.md.
Json pointJson(PointResult const& result);

/// A device and the driver's version, as `device` and `versions.driver` of the result document.
Json deviceJson(DeviceFacts const& device);

}  // namespace profiler::core
