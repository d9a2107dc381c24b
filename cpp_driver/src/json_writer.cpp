#include "json_writer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace profiler::driver {
namespace {

/// Length of the valid UTF-8 sequence at `text[at]`, 0 when there is none.
std::size_t utf8Length(std::string_view text, std::size_t at) {
  auto const byteAt = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char const lead = byteAt(at);
  if (lead < 0x80) return 1;
  std::size_t const length = lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byteAt(at + i) & 0xC0) != 0x80) return 0;
  }
  unsigned char const second = byteAt(at + 1);
  bool const overlongOrSurrogate = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
                                   (lead == 0xF4 && second > 0x8F);
  return overlongOrSurrogate ? 0 : length;
}

void appendEscape(std::string& quoted, unsigned char byte) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (byte) {
    case '"': quoted += "\\\""; return;
    case '\\': quoted += "\\\\"; return;
    case '\n': quoted += "\\n"; return;
    case '\t': quoted += "\\t"; return;
    case '\r': quoted += "\\r"; return;
    default: break;
  }
  quoted += "\\u00";
  quoted += kHex[byte >> 4];
  quoted += kHex[byte & 0xF];
}

}  // namespace

std::string quoteJson(std::string_view text) {
  std::string quoted = "\"";
  for (std::size_t at = 0; at < text.size();) {
    auto const byte = static_cast<unsigned char>(text[at]);
    std::size_t const length = utf8Length(text, at);
    if (length == 0) {
      quoted += "\xEF\xBF\xBD";
      ++at;
    } else if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7F) {
      appendEscape(quoted, byte);
      ++at;
    } else {
      quoted.append(text.substr(at, length));
      at += length;
    }
  }
  return quoted += '"';
}

bool isJsonNumber(std::string_view text) {
  auto const digits = [&](std::size_t from) { return std::min(text.find_first_not_of("0123456789", from), text.size()) - from; };
  std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  std::size_t const whole = digits(std::min(at, text.size()));
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    std::size_t const fraction = digits(at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    at += at + 1 < text.size() && (text[at + 1] == '+' || text[at + 1] == '-') ? 2 : 1;
    std::size_t const exponent = digits(std::min(at, text.size()));
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  mText += quoteJson(name);
  mText += ':';
  mNeedsComma = false;
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  char buffer[40];
  auto const result = std::to_chars(buffer, buffer + sizeof(buffer), number);
  return raw(std::string_view(buffer, static_cast<std::size_t>(result.ptr - buffer)));
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  separate();
  mText += json;
  mNeedsComma = true;
  return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  mText += bracket;
  mNeedsComma = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  mText += bracket;
  mNeedsComma = true;
  return *this;
}

void JsonWriter::separate() {
  if (mNeedsComma) mText += ',';
}

}  // namespace profiler::driver
