/// The result document of docs/formats.md: written after every point, complete and valid each time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "device_info.hpp"
#include "run_loop.hpp"

namespace profiler::driver {

struct DocumentFacts {
  std::vector<std::string> argv;
  std::map<std::string, std::vector<std::string>> options;
  std::optional<GpuDescription> gpu;
  std::optional<std::string> displayDriver, tensorrtVersion, tensorrtLibrary;
  std::optional<std::string> pluginLibraryDigest, timingCacheDigest, programDigest;
};

/// One point as a JSON object.
std::string pointJson(const PointResult& result);

/// The whole document.
///
/// Args:
///   engine: of the first point that had one.
///   engineDigest: of the only engine in the run; absent when there was none or more than one.
///   points: finished objects from pointJson.
std::string documentJson(const DocumentFacts& facts, const std::optional<std::string>& engine, const std::optional<std::string>& engineDigest,
                         const std::vector<std::string>& points);

}  // namespace profiler::driver
