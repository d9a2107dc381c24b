/// @file
/// Words for field types and domains, and the search for the nearest name.
#include "field.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace profiler::plugins {
namespace {

std::string numberText(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

/// Damerau-Levenshtein distance with adjacent transpositions (optimal string alignment).
size_t editDistance(std::string_view left, std::string_view right) {
  std::vector<size_t> before(right.size() + 1), previous(right.size() + 1), current(right.size() + 1);
  std::iota(previous.begin(), previous.end(), size_t{0});
  for (size_t i = 1; i <= left.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= right.size(); ++j) {
      current[j] = std::min({previous[j - 1] + (left[i - 1] != right[j - 1]), previous[j] + 1, current[j - 1] + 1});
      bool const swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
    before.swap(previous);
    previous.swap(current);
  }
  return previous[right.size()];
}

template <typename T, typename Text>
std::string join(Span<T> items, char const* separator, Text text) {
  std::string joined;
  for (T& item : items) joined += (joined.empty() ? "" : separator) + text(item);
  return joined;
}

}  // namespace

char const* fieldTypeName(FieldType type) noexcept {
  return type == FieldType::kInt32 ? "int32" : type == FieldType::kFloat32 ? "float32" : "choice";
}

std::string describeDomain(Field const& field) {
  if (field.type == FieldType::kChoice) {
    return join(field.choices, " | ", [](char const* word) { return std::string(word); });
  }
  if (!field.allowed.empty()) {
    return "one of " + join(field.allowed, ", ", [](int32_t value) { return std::to_string(value); });
  }
  std::string text = numberText(field.minimum) + " to " + numberText(field.maximum);
  if (field.type == FieldType::kInt32 && field.step > 1) text += " in steps of " + std::to_string(field.step);
  return text;
}

std::string nearestName(std::string_view name, std::vector<std::string_view> const& candidates) {
  std::string_view best;
  size_t bestDistance = std::max<size_t>(2, name.size() / 3) + 1;
  for (auto const candidate : candidates) {
    bool const prefix = name.size() >= 2 && candidate.substr(0, name.size()) == name;
    size_t const distance = prefix ? 1 : editDistance(name, candidate);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return std::string(best);
}

}  // namespace profiler::plugins
