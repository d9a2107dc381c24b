/// The command line as a validated value.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "point.hpp"

namespace profiler::driver {

/// When a measurement ends.
struct StopRule {
  std::optional<std::int64_t> fixedIterations;
  std::int64_t minIterations = 50;
  std::int64_t maxIterations = 20000;
  double minSeconds = 0.1;
  double maxSeconds = 3.0;
  double stability = 0.005;
};

enum class MeasureMode { kAuto, kIsolated, kThroughput };

struct Options {
  std::map<std::string, std::vector<std::string>> given;  ///< Texts by option name, as typed; the echo in the result.

  std::vector<std::string> plugins, natives, shapes, types;
  std::vector<std::pair<std::string, std::vector<std::string>>> sets;
  std::map<std::string, Extents> inputShapes;
  std::vector<int> threads, streams;
  std::vector<CacheMode> caches;
  std::vector<LaunchMode> launchModes;
  std::vector<std::string> pluginLibraries;
  bool copy = false, direct = false;
  std::string engineFile, onnxFile, pointsFile, onlyFile, name;
  std::string pluginVersion, tensorrtLibrary, saveEngine, cacheDirectory, timingCache;
  struct ShapeRange {
    Extents min, opt, max;
  };
  std::optional<ShapeRange> profile;
  bool engineCache = true, useTimingCache = true;

  StopRule stop;
  std::int64_t warmup = 10;
  MeasureMode measure = MeasureMode::kAuto;
  bool blockingStreams = false;
  int device = 0;

  std::uint64_t seed = 1;
  std::string reference, saveOutput, compareOutput;
  std::optional<double> toleranceAbs, toleranceRel;
  bool verify = true, outputDigest = false;

  std::optional<std::string> json;  ///< File, or "-" for stdout.
  bool quiet = false, dryRun = false, list = false, version = false, help = false;
};

/// Parses the words after the program name. Throws Error(kUsage) for an unknown option (naming the nearest), a missing or refused
/// value and a contradiction.
Options parseOptions(std::vector<std::string> const& words);

}  // namespace profiler::driver
