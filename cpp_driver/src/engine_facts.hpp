/// What engines know of a point beyond its times, and its place in the record.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json_type.hpp"
#include "point.hpp"

namespace profiler::driver {

using namespace core;

struct LaunchDescription {
  std::string kernel;
  std::optional<std::string> symbol;  ///< Mangled name of the instantiation, where it is known.
  std::array<std::uint32_t, 3> grid{1, 1, 1}, block{1, 1, 1};
  std::uint32_t dynamicSharedMemoryBytes = 0;
  std::optional<int> itemsPerThread, accessBytes;
  std::vector<NamedText> resolved;  ///< Attributes after `auto` was resolved.
  std::optional<std::string> note;
};

struct LayerDescription {
  std::string name, type;
  std::vector<std::string> inputFormats, outputFormats;
  bool isReformat = false;
};

/// How an engine came to be.
struct EngineFacts {
  std::string digest;                   ///< Of the serialised engine.
  std::string origin;                   ///< `built`, `cache` or `file`.
  std::optional<std::string> cacheKey;  ///< Absent when the cache is off.
  std::optional<std::int64_t> buildNs;  ///< Time of the build, absent when nothing was built.
  std::optional<std::int64_t> sizeBytes;
};

/// Members `launch`, `layers` and `engine_…` of a point's record, as far as they are known.
Json factsJson(std::optional<LaunchDescription> const& launch, std::optional<std::vector<LayerDescription>> const& layers,
               std::optional<EngineFacts> const& engine);

}  // namespace profiler::driver
