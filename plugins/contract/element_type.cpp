/// @file
/// Exact conversion between element bits and double. Rounding happens once, from the double, so that a float16 value is never
/// rounded through float32 first.
#include "element_type.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>

namespace profiler::plugins {
namespace {

/// A 16-bit binary format: fraction bits, smallest normal exponent and value, largest finite value.
struct HalfFormat {
  int32_t fractionBits;
  int32_t minExponent;
  double minNormal;
  double maxFinite;

  constexpr double spacingBelowNormal() const { return minNormal / static_cast<double>(int64_t{1} << fractionBits); }
};

constexpr HalfFormat kHalf{10, -14, 0x1p-14, 65504.0};
constexpr HalfFormat kBFloat{7, -126, 0x1p-126, 3.3895313892515355e38};
constexpr int32_t kDoubleFractionBits = 52;
constexpr int32_t kDoubleBias = 1023;

constexpr HalfFormat const& formatOf(ElementType type) noexcept { return type == ElementType::kFloat16 ? kHalf : kBFloat; }

/// Element `index` of an array that need not be aligned.
template <typename T>
T load(void const* data, int64_t index) noexcept {
  T value;
  std::memcpy(&value, static_cast<char const*>(data) + index * static_cast<int64_t>(sizeof value), sizeof value);
  return value;
}

template <typename T>
void store(void* data, int64_t index, T value) noexcept {
  std::memcpy(static_cast<char*>(data) + index * static_cast<int64_t>(sizeof value), &value, sizeof value);
}

uint64_t bitsOf(double value) noexcept { return load<uint64_t>(&value, 0); }
double fromBits(uint64_t bits) noexcept { return load<double>(&bits, 0); }

/// Rounds to nearest even in a 16-bit format.
double roundToHalf(HalfFormat const& format, double value) noexcept {
  if (!std::isfinite(value)) return value;
  double const magnitude = std::fabs(value);
  double rounded;
  if (magnitude < format.minNormal) {
    // Below the normal range the spacing is constant: adding this number makes the FPU round at exactly that spacing.
    double const magic = 0x1.8p52 * format.spacingBelowNormal();
    rounded = (magnitude + magic) - magic;
  } else {
    int32_t const shift = kDoubleFractionBits - format.fractionBits;
    uint64_t bits = bitsOf(magnitude);
    bits += (uint64_t{1} << (shift - 1)) - 1 + ((bits >> shift) & 1);
    rounded = fromBits(bits & ~((uint64_t{1} << shift) - 1));
  }
  return std::copysign(rounded > format.maxFinite ? std::numeric_limits<double>::infinity() : rounded, value);
}

uint16_t encodeHalf(HalfFormat const& format, double value) noexcept {
  int32_t const exponentBits = 15 - format.fractionBits;
  uint16_t const exponentMask = static_cast<uint16_t>(((1 << exponentBits) - 1) << format.fractionBits);
  uint16_t const sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value)) return static_cast<uint16_t>(sign | exponentMask | (1 << (format.fractionBits - 1)));
  double const magnitude = std::fabs(roundToHalf(format, value));
  if (std::isinf(magnitude)) return static_cast<uint16_t>(sign | exponentMask);
  if (magnitude < format.minNormal) {
    return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::ldexp(magnitude, format.fractionBits - format.minExponent)));
  }
  // the exponents of both formats differ by what is taken off
  auto const shorter = static_cast<int64_t>(bitsOf(magnitude) >> (kDoubleFractionBits - format.fractionBits));
  return static_cast<uint16_t>(sign | (shorter - (int64_t{kDoubleBias - 1 + format.minExponent} << format.fractionBits)));
}

double decodeHalf(HalfFormat const& format, uint16_t bits) noexcept {
  int32_t const exponentBits = 15 - format.fractionBits;
  int32_t const exponent = (bits >> format.fractionBits) & ((1 << exponentBits) - 1);
  int32_t const fraction = bits & ((1 << format.fractionBits) - 1);
  double magnitude;
  if (exponent == (1 << exponentBits) - 1) {
    magnitude = fraction != 0 ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  } else if (exponent == 0) {
    magnitude = fraction * format.spacingBelowNormal();
  } else {
    auto const wideExponent = static_cast<uint64_t>(int64_t{exponent} - 1 + format.minExponent + kDoubleBias);
    magnitude =
        fromBits(wideExponent << kDoubleFractionBits | static_cast<uint64_t>(fraction) << (kDoubleFractionBits - format.fractionBits));
  }
  return std::copysign(magnitude, (bits & 0x8000) != 0 ? -1.0 : 1.0);
}

}  // namespace

bool parseElementType(std::string_view name, ElementType& type) noexcept {
  auto const* const found = std::find(std::begin(kElementTypeNames), std::end(kElementTypeNames), name);
  if (found == std::end(kElementTypeNames)) return false;
  type = static_cast<ElementType>(found - kElementTypeNames);
  return true;
}

double loadElement(ElementType type, void const* data, int64_t index) noexcept {
  switch (type) {
    case ElementType::kFloat32: return load<float>(data, index);
    case ElementType::kInt32: return load<int32_t>(data, index);
    default: return decodeHalf(formatOf(type), load<uint16_t>(data, index));
  }
}

void storeElement(ElementType type, void* data, int64_t index, double value) noexcept {
  switch (type) {
    case ElementType::kFloat32: return store(data, index, static_cast<float>(value));
    case ElementType::kInt32: return store(data, index, static_cast<int32_t>(roundToType(type, value)));
    default: return store(data, index, encodeHalf(formatOf(type), value));
  }
}

double roundToType(ElementType type, double value) noexcept {
  if (type == ElementType::kInt32) {
    double const whole = std::isnan(value) ? 0.0 : std::nearbyint(value);
    return std::min(std::max(whole, -0x1p31), 0x1p31 - 1.0);
  }
  return type == ElementType::kFloat32 ? static_cast<double>(static_cast<float>(value)) : roundToHalf(formatOf(type), value);
}

}  // namespace profiler::plugins
