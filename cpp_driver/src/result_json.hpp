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
std::string pointJson(PointResult const& result);

/// The whole document.
///
/// Args:
///   engine: of the first point that had one.
///   engineDigest: of the only engine in the run; absent when there was none or more than one.
///   points: finished objects from pointJson.
std::string documentJson(DocumentFacts const& facts, std::optional<std::string> const& engine,
                         std::optional<std::string> const& engineDigest, std::vector<std::string> const& points);

}  // namespace profiler::driver
