/// Finds the known name that a mistyped one most likely means.
#pragma once

#include <string>
#include <vector>

namespace profiler::driver {

/// Returns the candidate with the smallest edit distance to `name`, or an empty string when none is near.
std::string nearestName(const std::string& name, const std::vector<std::string>& candidates);

/// Returns ` (did you mean X?)`, or an empty string when no candidate is near.
std::string didYouMean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace profiler::driver
