/// @file
/// Attributes as the networks of native layers hold them.
#include "native.hpp"

namespace profiler::plugins {

Attributes roundedAttributes(Attributes const& attributes, ElementType type) noexcept {
  Attributes rounded = attributes;
  for (int32_t index = 0; index < attributes.fields().size(); ++index) {
    if (attributes.fields()[index].type == FieldType::kFloat32) {
      rounded.store(index, roundToType(type, attributes.numberAt(index)));
    }
  }
  return rounded;
}

}  // namespace profiler::plugins
