/// The label of a sweep point: `key=value` pairs in one line, the key by which every tool's data of one configuration
/// are joined. Standard library only; `nvtx.hpp` and the driver build their range messages with it.
#pragma once

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace profiler {

/// Keys that stand first in a label, in this order, when a point has them.
inline constexpr std::array<std::string_view, 5> kReservedKeys = {"op", "variant", "shape", "dtype", "block"};

/// Percent-encodes space, `=`, `%`, `/` and control characters, the characters that would break a label apart.
inline std::string encodeLabelText(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (char const character : text) {
    auto const byte = static_cast<unsigned char>(character);
    if (byte <= 0x20 || byte == 0x7F || byte == '=' || byte == '%' || byte == '/') {
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 0xF];
    } else {
      encoded += character;
    }
  }
  return encoded;
}

/// One value of a label: text, a whole number, a real number (`%.9g`: enough to tell any two
/// float32 apart, a point before the decimals in every locale; a float is written as short as it reads
/// back), a character or a truth value (`true`, `false`).
class LabelValue {
 public:
  LabelValue(std::string text) : mText(std::move(text)) {}
  LabelValue(std::string_view text) : mText(text) {}
  LabelValue(char const* text) : mText(text) {}
  template <typename Number, typename = std::enable_if_t<std::is_arithmetic_v<Number>>>
  LabelValue(Number number) {
    if constexpr (std::is_same_v<Number, bool>) {
      mText = number ? "true" : "false";
    } else if constexpr (std::is_floating_point_v<Number>) {
      char buffer[40];
      int digits = std::is_same_v<Number, float> ? 6 : 9;
      do {
        std::snprintf(buffer, sizeof(buffer), "%.*g", digits, static_cast<double>(number));
      } while (++digits <= 9 && static_cast<Number>(std::strtod(buffer, nullptr)) != number);
      mText = buffer;
      // a program that set its locale may print a decimal comma
      std::string const mark = std::localeconv()->decimal_point;
      if (auto const place = mText.find(mark); place != std::string::npos) mText.replace(place, mark.size(), ".");
    } else if constexpr (std::is_same_v<Number, char>) {
      mText = std::string(1, number);
    } else {
      mText = std::to_string(number);
    }
  }
  std::string const& text() const { return mText; }

 private:
  std::string mText;
};

using LabelPair = std::pair<std::string, LabelValue>;

namespace detail {

inline void appendPair(std::string& label, LabelPair const& pair) {
  if (!label.empty()) label += ' ';
  label += encodeLabelText(pair.first);
  label += '=';
  label += encodeLabelText(pair.second.text());
}

}  // namespace detail

/// Joins pairs to a label: reserved keys first, the others in the order given.
inline std::string pointLabel(std::vector<LabelPair> const& pairs) {
  std::string label;
  auto const isReserved = [](LabelPair const& pair) {
    return std::find(kReservedKeys.begin(), kReservedKeys.end(), pair.first) != kReservedKeys.end();
  };
  for (auto const reserved : kReservedKeys)
    for (auto const& pair : pairs)
      if (pair.first == reserved) detail::appendPair(label, pair);
  for (auto const& pair : pairs)
    if (!isReserved(pair)) detail::appendPair(label, pair);
  return label;
}

}  // namespace profiler
