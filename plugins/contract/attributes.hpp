/// @file
/// The values of an op's attributes: a trivially copyable set, always valid against its field table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "field.hpp"

namespace profiler::plugins {

/// One value per field of the table, starting at the defaults. Every setter validates, so a set never holds a value that its
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
  /// Sets one attribute from a number (for a choice: the index of the word).
  Outcome setNumber(std::string_view name, double value);
  /// Parses `name=value` pairs separated by spaces or commas on top of the present values. A name that stands twice is refused, with
  /// `complete` also one that is left out.
  Outcome parse(std::string_view pairs, bool complete = false);

  /// Value of a field by position; for a choice the index of the word. No range check: positions come from `indexOf`.
  double numberAt(int32_t index) const noexcept { return mValues[index]; }
  int32_t integerAt(int32_t index) const noexcept { return static_cast<int32_t>(mValues[index]); }
  /// The word of a choice by position.
  char const* choiceAt(int32_t index) const noexcept { return mFields[index].choices[integerAt(index)]; }

  /// Value as text that `set` reads back to the same value.
  std::string textAt(int32_t index) const;
  /// All attributes as `name=value name=value`, in table order.
  std::string text() const;

  bool operator==(Attributes const& other) const noexcept;

 private:
  friend class AttributeOverride;
  FieldTable mFields{};
  double mValues[kMaxFields] = {};
};

/// Lets an op write the values it resolved (`auto` replaced by what it picked) into a copy, without text and without allocation.
class AttributeOverride {
 public:
  static void store(Attributes& attributes, int32_t index, double value) noexcept { attributes.mValues[index] = value; }
};

/// Checks one value against its field; success or the reason.
Outcome validateValue(Field const& field, double value);

}  // namespace profiler::plugins
