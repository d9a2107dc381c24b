/// @file
/// Attributes that differ from the defaults wherever they can, for tests of the way there and back. Works for any op, also one without
/// attributes.
#pragma once

#include "contract/op.hpp"

namespace profiler::plugins::test {

/// A value of the field's domain that is not its default, where there is one; never 0 for a number that may be something else.
inline double otherValue(Field const& field) {
  if (field.type == FieldType::kChoice) return static_cast<double>(field.choices.size() - 1);
  if (!field.allowed.empty()) return field.allowed[field.allowed.size() - 1];
  double const middle = field.type == FieldType::kFloat32 ? static_cast<float>(0.75 * field.minimum + 0.25 * field.maximum) : field.maximum;
  return middle == field.defaultValue ? field.minimum : middle;
}

inline Attributes changedAttributes(Op const& op) {
  Attributes attributes(op.info().fields);
  for (int32_t index = 0; index < attributes.fields().size(); ++index) attributes.store(index, otherValue(attributes.fields()[index]));
  return attributes;
}

}  // namespace profiler::plugins::test
