/// The command line as a validated value.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "error.hpp"
#include "point.hpp"
#include "settings.hpp"

namespace profiler::driver {

using namespace core;

struct Options {
  std::map<std::string, std::vector<std::string>> given;  ///< Texts by option name, as typed; the echo in the result.

  std::vector<std::string> plugins, natives, shapes, types;
  std::vector<std::pair<std::string, std::vector<std::string>>> sets;
  std::map<std::string, Extents> inputShapes;
  std::map<std::string, std::vector<std::string>> execution;  ///< Values of threads, streams, cache_mode and launch_mode.
  std::vector<std::string> pluginLibraries;
  bool copy = false, direct = false;
  std::string engineFile, onnxFile, pointsFile, onlyFile, name;  ///< A request file is its points file too.
  std::string pluginVersion, tensorrtLibrary, saveEngine, cacheDirectory, timingCache;
  struct ShapeRange {
    Extents min, opt, max;
  };
  std::optional<ShapeRange> profile;
  bool engineCache = true, useTimingCache = true;

  Settings settings;
  Json filledSettings;  ///< All settings by name; the echo in the result.
  int device = 0;
  std::string reference, saveOutput, compareOutput;
  bool outputDigest = false;
  std::string json;  ///< File, or "-" for stdout; empty: no result document.
  bool quiet = false, dryRun = false, list = false, version = false, help = false;

  /// The engine or model file that runs; empty where ops do.
  std::string const& network() const { return engineFile.empty() ? onnxFile : engineFile; }
};

/// Parses the words after the program name. Throws Error(kUsage) for an unknown option (naming the nearest), a missing or refused
/// value and a contradiction.
Options parseOptions(std::vector<std::string> const& words);

/// The text of `--help`.
std::string helpText();

}  // namespace profiler::driver
