/// Reads numbers from option and point texts, with the range in the refusal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace profiler::core {

/// Reads a whole number in [low, high]; throws Error(kUsage) naming `what` otherwise.
std::int64_t parseInteger(std::string const& what, std::string const& text, std::int64_t low, std::int64_t high);
/// Reads a finite number in [low, high]; throws Error(kUsage) naming `what` otherwise.
double parseReal(std::string const& what, std::string const& text, double low, double high);
/// Splits at commas; an empty item is refused.
std::vector<std::string> splitList(std::string const& what, std::string const& text);

}  // namespace profiler::core
