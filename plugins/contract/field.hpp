/// @file
/// One attribute of an op: its name, type, default, allowed values and help text. Parsers, `--help`, plugin creators and
/// result files all derive from this table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tensor.hpp"

namespace profiler::plugins {

/// A choice is one of a fixed list of words; it travels as text and is held as the index into that list.
enum class FieldType : int32_t { kInt32 = 0, kFloat32 = 1, kChoice = 2 };

struct Field {
  char const* name = "";
  FieldType type = FieldType::kInt32;
  char const* help = "";
  double defaultValue = 0;        ///< Number, or index into `choices`.
  double minimum = 0;             ///< Inclusive; unused for a choice.
  double maximum = 0;             ///< Inclusive; unused for a choice.
  int32_t step = 1;               ///< kInt32: the value must be a multiple of this.
  Span<int32_t const> allowed{};  ///< kInt32: when not empty, the only accepted values.
  Span<char const* const> choices{};
  bool launchOnly = false;  ///< True when the attribute changes how fast the result comes, never what it is.
};

using FieldTable = Span<Field const>;

/// A launch attribute that is one of a list of words, the first by default.
constexpr Field launchChoice(char const* name, Span<char const* const> words, char const* help) noexcept {
  Field field{name, FieldType::kChoice, help};
  field.choices = words;
  field.launchOnly = true;
  return field;
}

/// A launch attribute that is a whole number, 0 by default: a multiple of `step` up to `maximum`, or one of `allowed` where there are some.
constexpr Field launchNumber(char const* name, double maximum, int32_t step, char const* help, Span<int32_t const> allowed = {}) noexcept {
  Field field{name, FieldType::kInt32, help, 0, 0, maximum, step, allowed};
  field.launchOnly = true;
  return field;
}

/// Most fields of a table, launch attributes included: sets of attributes hold their values in place.
inline constexpr int32_t kMaxFields = 16;

/// `int32`, `float32` or `choice`.
char const* fieldTypeName(FieldType type) noexcept;

/// The accepted values in words, for help and error texts: `one of 1, 2, 4`, `0 to 1024 in steps of 32`, `auto | scalar`.
std::string describeDomain(Field const& field);

/// Success, or a reason in words that names what was found and what was expected.
struct Outcome {
  std::string reason;

  explicit operator bool() const noexcept { return reason.empty(); }
  static Outcome success() { return {}; }
  static Outcome failure(std::string why) { return {why.empty() ? std::string("unknown failure") : std::move(why)}; }
};

/// The candidate with the smallest edit distance to `name`; empty when nothing comes close.
std::string nearestName(std::string_view name, std::vector<std::string_view> const& candidates);

}  // namespace profiler::plugins
