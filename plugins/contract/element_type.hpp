/// @file
/// The element types that ops compute on, their names and sizes, and their exact conversion to and from double on the host.
#pragma once

#include <cstdint>
#include <string_view>

namespace profiler::plugins {

enum class ElementType : int32_t { kFloat32 = 0, kFloat16 = 1, kBFloat16 = 2 };

inline constexpr ElementType kElementTypes[] = {ElementType::kFloat32, ElementType::kFloat16, ElementType::kBFloat16};

/// Size of one element in bytes.
constexpr int32_t elementSizeBytes(ElementType type) noexcept { return type == ElementType::kFloat32 ? 4 : 2; }

/// The name used on command lines and in results: `fp32`, `fp16` or `bf16`.
constexpr char const* elementTypeName(ElementType type) noexcept {
  return type == ElementType::kFloat32 ? "fp32" : type == ElementType::kFloat16 ? "fp16" : "bf16";
}

/// Finds a type by its name; returns false and leaves `type` alone when there is none of that name.
bool parseElementType(std::string_view name, ElementType& type) noexcept;

/// Reads element `index` of a host array of `type`. The conversion is exact.
double loadElement(ElementType type, void const* data, int64_t index) noexcept;

/// Writes `value`, rounded once to nearest even, as element `index` of a host array of `type`. Overflow becomes infinity, NaN stays NaN.
void storeElement(ElementType type, void* data, int64_t index, double value) noexcept;

/// The nearest value that `type` can hold, as double (what a correctly rounded result looks like).
double roundToType(ElementType type, double value) noexcept;

}  // namespace profiler::plugins
