/// Expands the lists of a sweep into points.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "point.hpp"

namespace profiler::core {

struct SweepOp {
  std::string name;
  std::optional<std::vector<std::string>> attributes;  ///< Names that the op takes; absent: every one.
  bool hasType = true;                                 ///< Whether the types of the sweep are its own.
};

/// Lists of values as texts; empty lists add no key, `types` stands for fp32 then.
struct Sweep {
  std::vector<SweepOp> ops;
  std::vector<std::string> shapes, types;
  std::vector<std::pair<std::string, std::vector<std::string>>> sets;
  std::vector<std::string> threads, streams, caches, launchModes;
};

/// Expands the product op x shape x dtype x attributes x execution, the last list fastest. Each op takes the attributes that it has.
/// Execution keys enter a label only where they are swept; a single value holds for all points.
///
/// Throws Error(kUsage) when two points would have one label.
std::vector<PointRequest> expand(Sweep const& sweep);

}  // namespace profiler::core
