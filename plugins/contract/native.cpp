/// @file
/// Tolerances of native layers, and attributes as their networks hold them.
#include "native.hpp"

namespace profiler::plugins {

Tolerance exactTolerance(ElementType) noexcept { return {}; }

Tolerance sumTolerance(ElementType type) noexcept {
  switch (type) {
    case ElementType::kFloat16: return {0x1p-24, 0x1p-10};
    case ElementType::kBFloat16: return {0.0, 0x1p-7};
    default: return {0.0, 0x1p-22};
  }
}

Tolerance activationTolerance(ElementType type) noexcept {
  switch (type) {
    case ElementType::kFloat16: return {0x1p-14, 0x1p-8};
    case ElementType::kBFloat16: return {0x1p-12, 0x1p-5};
    default: return {1e-7, 2e-6};
  }
}

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
