/// @file
/// The element types that ops compute on, their names and sizes, and their exact conversion to and from double on the host.
#pragma once

#include <cstdint>
#include <string_view>

namespace profiler::plugins {

/// Ops compute on the float types; an int32 input counts or indexes. The others stand at the border of networks only.
enum class ElementType : int32_t { kFloat32, kFloat16, kBFloat16, kInt32, kInt64, kInt8, kUint8, kBool };

inline constexpr int32_t kElementTypeCount = 8;
inline constexpr char const* kElementTypeNames[] = {"fp32", "fp16", "bf16", "int32", "int64", "int8", "uint8", "bool"};

/// The types that a point of a sweep may have.
inline constexpr ElementType kElementTypes[] = {ElementType::kFloat32, ElementType::kFloat16, ElementType::kBFloat16};

/// Size of one element in bytes.
constexpr int32_t elementSizeBytes(ElementType type) noexcept {
  constexpr int32_t kSizes[] = {4, 2, 2, 4, 8, 1, 1, 1};
  return kSizes[static_cast<int32_t>(type)];
}

/// Whether a reference can be computed for it.
constexpr bool isFloat(ElementType type) noexcept { return type <= ElementType::kBFloat16; }

/// The name used on command lines and in results: `fp32`, `int64`, `bool`.
constexpr char const* elementTypeName(ElementType type) noexcept { return kElementTypeNames[static_cast<int32_t>(type)]; }

/// Finds a type by its name; returns false and leaves `type` alone when there is none of that name.
bool parseElementType(std::string_view name, ElementType& type) noexcept;

/// Reads element `index` of a host array of a float type or int32. The conversion is exact.
double loadElement(ElementType type, void const* data, int64_t index) noexcept;

/// Writes `value`, rounded once to nearest even, as element `index` of a host array of `type`. Overflow becomes infinity, NaN stays NaN; an
/// integer takes the nearest that it can hold, and 0 for NaN.
void storeElement(ElementType type, void* data, int64_t index, double value) noexcept;

/// The nearest value that `type` can hold, as double (what a correctly rounded result looks like).
double roundToType(ElementType type, double value) noexcept;

}  // namespace profiler::plugins
