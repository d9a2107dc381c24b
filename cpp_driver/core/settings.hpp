/// How every point is measured, as profiler/runner/options.json states it: the one place for names, defaults and ranges.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "json.hpp"
#include "point.hpp"

namespace profiler::core {

/// When a measurement ends.
struct StopRule {
  std::optional<std::int64_t> fixedIterations;
  std::int64_t minIterations = 0, maxIterations = 0;
  double minSeconds = 0.0, maxSeconds = 0.0, stability = 0.0;
};

enum class MeasureMode { kAuto, kIsolated, kThroughput };

struct ToleranceOverride {
  std::optional<double> absolute, relative;
};

struct Settings {
  StopRule stop;
  std::int64_t warmup = 0;
  MeasureMode measure = MeasureMode::kAuto;
  bool blockingStreams = false;
  std::uint64_t seed = 0;
  bool verify = true;
  bool timed = true;  ///< False under a tool that replays kernels: nothing is held and no sample kept.
  ToleranceOverride tolerance;
  Execution execution;
};

/// `--min-time` for `min_time`.
std::string flagOf(std::string name);

/// The list of options in options.json.
Json const& measuringOptions();

/// All settings by name: those given, checked, and the defaults of the others. A bound that was not given moves to the one that was.
///
/// Throws Error(kUsage) for an unknown name, a value of another type or out of range, and bounds that contradict each other.
Json fillSettings(Json const& given);

/// Settings from `fillSettings`.
Settings readSettings(Json const& filled);

}  // namespace profiler::core
