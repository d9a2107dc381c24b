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

uint64_t bitsOf(double value) noexcept {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

double fromBits(uint64_t bits) noexcept {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

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
  int32_t const exponent = std::ilogb(magnitude);
  auto const fraction = static_cast<uint16_t>(std::ldexp(magnitude, format.fractionBits - exponent) - (1 << format.fractionBits));
  return static_cast<uint16_t>(sign | ((exponent - format.minExponent + 1) << format.fractionBits) | fraction);
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
  char const* const source = static_cast<char const*>(data) + index * elementSizeBytes(type);
  if (type == ElementType::kFloat32) {
    float value;
    std::memcpy(&value, source, sizeof value);
    return value;
  }
  if (type == ElementType::kInt32) {
    int32_t value;
    std::memcpy(&value, source, sizeof value);
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, source, sizeof bits);
  if (type == ElementType::kBFloat16) {
    uint32_t const wide = uint32_t{bits} << 16;  // bfloat16 is the upper half of a float32
    float value;
    std::memcpy(&value, &wide, sizeof value);
    return value;
  }
  return decodeHalf(kHalf, bits);
}

void storeElement(ElementType type, void* data, int64_t index, double value) noexcept {
  char* const target = static_cast<char*>(data) + index * elementSizeBytes(type);
  if (type == ElementType::kFloat32) {
    auto const narrow = static_cast<float>(value);
    std::memcpy(target, &narrow, sizeof narrow);
    return;
  }
  if (type == ElementType::kInt32) {
    auto const whole = static_cast<int32_t>(roundToType(type, value));
    std::memcpy(target, &whole, sizeof whole);
    return;
  }
  uint16_t const bits = encodeHalf(formatOf(type), value);
  std::memcpy(target, &bits, sizeof bits);
}

double roundToType(ElementType type, double value) noexcept {
  if (type == ElementType::kInt32) {
    double const whole = std::isnan(value) ? 0.0 : std::nearbyint(value);
    return std::min(std::max(whole, -0x1p31), 0x1p31 - 1.0);
  }
  return type == ElementType::kFloat32 ? static_cast<double>(static_cast<float>(value)) : roundToHalf(formatOf(type), value);
}

}  // namespace profiler::plugins
