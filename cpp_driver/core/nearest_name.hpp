/// Finds the known name that a mistyped one most likely means.
#pragma once

#include <string>
#include <vector>

namespace profiler::core {

/// Returns the candidate with the smallest edit distance to `name`, or an empty string when none is near.
std::string nearestName(std::string const& name, std::vector<std::string> const& candidates);

/// Returns ` (did you mean X?)`, or an empty string when no candidate is near.
std::string didYouMean(std::string const& name, std::vector<std::string> const& candidates);

}  // namespace profiler::core
