/// The result document of docs/formats.md: written after every point, complete and valid each time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "measurement.hpp"

namespace profiler::driver {

using namespace core;

struct DocumentFacts {
  std::vector<std::string> argv;
  std::map<std::string, std::vector<std::string>> options;
  std::string settings = "null";  ///< All settings, as JSON.
  std::optional<DeviceFacts> gpu;
  std::optional<std::string> displayDriver, tensorrtVersion, tensorrtLibrary;
  std::optional<std::string> pluginLibraryDigest, timingCacheDigest, programDigest;
};

/// Version of the CUDA runtime this program was built with, as `13.0`.
std::string builtRuntimeVersion();

/// The whole document.
///
/// Args:
///   engine: of the first point that had one.
///   engineDigest: of the only engine in the run; absent when there was none or more than one.
///   points: records as JSON, one line each.
std::string documentJson(DocumentFacts const& facts, std::optional<std::string> const& engine,
                         std::optional<std::string> const& engineDigest, std::vector<std::string> const& points);

}  // namespace profiler::driver
