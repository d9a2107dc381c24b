/// @file
/// Attributes as bytes, for TensorRT versions whose plugins serialise to a buffer. Self-describing and checked on reading.
///
/// Layout, little endian: magic `PATT`, layout version (u32), length of all bytes (u32), FNV-1a hash of everything after it (u32), then
/// length-prefixed (u32) texts: op name, op version, attributes as `name=value name=value`.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "op.hpp"

namespace profiler::plugins {

/// The front of the bytes, as little-endian machines hold it, which every host of a GPU is.
struct AttributesHeader {
  char magic[4] = {'P', 'A', 'T', 'T'};
  uint32_t layout = 1;
  uint32_t length = 0;
  uint32_t hash = 0;
};
static_assert(sizeof(AttributesHeader) == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

inline uint32_t hashOf(std::string_view bytes) noexcept {
  uint32_t hash = 2166136261u;
  for (char const byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
  return hash;
}

template <typename T>
std::string bytesOf(T const& value) {
  return {reinterpret_cast<char const*>(&value), sizeof value};
}

inline std::string lengthAndText(std::string_view text) { return bytesOf(static_cast<uint32_t>(text.size())).append(text); }

/// Takes one length-prefixed text from the front of `bytes`.
inline bool takeText(std::string_view& bytes, std::string_view& text) noexcept {
  uint32_t length = 0;
  if (bytes.size() < sizeof length) return false;
  std::memcpy(&length, bytes.data(), sizeof length);
  bytes.remove_prefix(sizeof length);
  if (length > bytes.size()) return false;
  text = bytes.substr(0, length);
  bytes.remove_prefix(length);
  return true;
}

inline Outcome checkHeader(std::string_view bytes) {
  auto const refuse = [](std::string const& what, size_t found, std::string const& expected) {
    return Outcome::failure("serialised attributes " + what + std::to_string(found) + expected);
  };
  AttributesHeader const expected;
  AttributesHeader found;
  if (bytes.size() < sizeof found) return refuse("are truncated: found ", bytes.size(), " bytes, expected at least 16");
  std::memcpy(&found, bytes.data(), sizeof found);
  if (std::memcmp(found.magic, expected.magic, sizeof found.magic) != 0) {
    return Outcome::failure("serialised attributes do not start with PATT");
  }
  if (found.layout != expected.layout) return refuse("have layout ", found.layout, ", expected " + std::to_string(expected.layout));
  if (found.length != bytes.size()) {
    return refuse("are truncated or extended: found ", bytes.size(), " bytes, expected " + std::to_string(found.length));
  }
  bool const whole = found.hash == hashOf(bytes.substr(sizeof found));
  return whole ? Outcome::success() : Outcome::failure("serialised attributes were altered: the checksum does not match");
}

inline std::string attributesToBytes(OpInfo const& info, Attributes const& attributes) {
  std::string const body = lengthAndText(info.name) + lengthAndText(info.version) + lengthAndText(attributes.text());
  AttributesHeader header;
  header.length = static_cast<uint32_t>(sizeof header + body.size());
  header.hash = hashOf(body);
  return bytesOf(header) + body;
}

/// Reads bytes of `attributesToBytes` into `attributes`. Bytes that are too short, too long, altered, of another op, of another
/// version, or that lack, repeat or hold an unknown or refused attribute are refused with the reason, and `attributes` stays as it was.
inline Outcome attributesFromBytes(OpInfo const& info, void const* data, size_t length, Attributes& attributes) {
  if (data == nullptr) return Outcome::failure("serialised attributes are a null pointer");
  std::string_view bytes(static_cast<char const*>(data), length);
  Outcome outcome = checkHeader(bytes);
  if (!outcome) return outcome;
  bytes.remove_prefix(sizeof(AttributesHeader));
  std::string_view name, version, text;
  if (!takeText(bytes, name) || !takeText(bytes, version) || !takeText(bytes, text) || !bytes.empty()) {
    return Outcome::failure("serialised attributes are malformed");
  }
  if (name != info.name || version != info.version) {
    return Outcome::failure("serialised attributes belong to " + std::string(name) + " version " + std::string(version) + ", expected " +
                            info.name + " version " + info.version);
  }
  Attributes parsed(info.fields);
  outcome = parsed.parse(text, true);
  if (outcome) attributes = parsed;
  return outcome;
}

}  // namespace profiler::plugins
