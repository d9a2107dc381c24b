/// @file
/// Words for field types and domains, and the search for the nearest name.
#include "field.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace profiler::plugins {
namespace {

std::string numberText(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

/// Levenshtein distance with one row of memory.
size_t editDistance(std::string_view left, std::string_view right) {
  std::vector<size_t> row(right.size() + 1);
  for (size_t column = 0; column < row.size(); ++column) {
    row[column] = column;
  }
  for (size_t line = 1; line <= left.size(); ++line) {
    size_t diagonal = row[0];
    row[0] = line;
    for (size_t column = 1; column < row.size(); ++column) {
      size_t const substitution = diagonal + (left[line - 1] != right[column - 1]);
      diagonal = row[column];
      row[column] = std::min({substitution, row[column] + 1, row[column - 1] + 1});
    }
  }
  return row.back();
}

template <typename T, typename Text>
std::string join(Span<T> items, char const* separator, Text text) {
  std::string joined;
  for (T& item : items) {
    joined += (joined.empty() ? "" : separator) + text(item);
  }
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
  if (field.type == FieldType::kInt32 && field.step > 1) {
    text += " in steps of " + std::to_string(field.step);
  }
  return text;
}

std::string nearestName(std::string_view name, Span<char const* const> candidates) {
  std::string best;
  size_t bestDistance = std::max<size_t>(2, name.size() / 2) + 1;
  for (char const* const candidate : candidates) {
    std::string_view const word(candidate);
    bool const prefix = name.size() >= 2 && word.substr(0, name.size()) == name;
    size_t const distance = prefix ? 1 : editDistance(name, word);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace profiler::plugins
