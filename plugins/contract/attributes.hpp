/// @file
/// The values of an op's attributes: a trivially copyable set, always valid against its field table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "field.hpp"

namespace profiler::plugins {

/// One value per field of the table, starting at the defaults. Every `set` validates, so that none holds a value that its
/// field refuses. Copying allocates nothing; the table must outlive the set (tables are static). Of a table with more than `kMaxFields`
/// fields, which no registered op has, only the first are kept.
class Attributes {
 public:
  Attributes() = default;
  explicit Attributes(FieldTable fields) noexcept;

  FieldTable fields() const noexcept { return mFields; }

  /// Position of a field in the table, -1 when there is none of that name.
  int32_t indexOf(std::string_view name) const noexcept;

  /// Sets one attribute from text as written after `--set`: `set("block", "256")`. An unknown name is refused with the nearest.
  Outcome set(std::string_view name, std::string_view text);
  /// Sets all of these (name, text) pairs on top of the present values, or none. A name that stands twice is refused, with `complete`
  /// also one that is left out.
  Outcome set(std::vector<std::pair<std::string, std::string>> const& pairs, bool complete);
  /// Reads `name=value` pairs separated by spaces or commas, and sets them.
  Outcome parse(std::string_view text, bool complete = false);
  /// Puts in what an op resolved (`auto` replaced by what it picked), without text, allocation or check.
  void store(int32_t index, double value) noexcept { mValues[index] = value; }

  /// Value of a field by position; for a choice the index of the word. No range check: positions come from `indexOf`.
  double numberAt(int32_t index) const noexcept { return mValues[index]; }
  int32_t integerAt(int32_t index) const noexcept { return static_cast<int32_t>(mValues[index]); }
  /// The word of a choice by position.
  char const* choiceAt(int32_t index) const noexcept { return mFields[index].choices[integerAt(index)]; }

  /// Value as text that `set` reads back to the same value.
  std::string textAt(int32_t index) const;
  /// All attributes as `name=value name=value`, in table order.
  std::string text() const;

 private:
  FieldTable mFields{};
  double mValues[kMaxFields] = {};
};

}  // namespace profiler::plugins
