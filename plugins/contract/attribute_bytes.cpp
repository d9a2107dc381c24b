/// @file
/// Writes and reads the byte layout of attribute_bytes.hpp. Reading trusts nothing.
#include "attribute_bytes.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace profiler::plugins {
namespace {

constexpr char kMagic[4] = {'P', 'A', 'T', 'T'};
constexpr uint32_t kLayoutVersion = 1;
constexpr size_t kHeaderBytes = 16;
constexpr size_t kHashedFrom = 16;

uint32_t hashOf(std::string_view bytes) noexcept {
  uint32_t hash = 2166136261u;
  for (char const byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
  return hash;
}

void appendNumber(std::string& bytes, uint32_t value) {
  for (int32_t shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>((value >> shift) & 0xff));
}

void appendText(std::string& bytes, std::string_view text) {
  appendNumber(bytes, static_cast<uint32_t>(text.size()));
  bytes.append(text);
}

uint32_t numberAt(std::string_view bytes, size_t position) noexcept {
  uint32_t value = 0;
  for (size_t index = 0; index < 4; ++index) {
    value |= uint32_t{static_cast<unsigned char>(bytes[position + index])} << (8 * index);
  }
  return value;
}

/// Takes one length-prefixed text from the front of `bytes`.
bool takeText(std::string_view& bytes, std::string_view& text) noexcept {
  if (bytes.size() < 4) return false;
  size_t const length = numberAt(bytes, 0);
  if (length > bytes.size() - 4) return false;
  text = bytes.substr(4, length);
  bytes.remove_prefix(4 + length);
  return true;
}

Outcome checkHeader(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) {
    return Outcome::failure("serialised attributes are truncated: found " + std::to_string(bytes.size()) + " bytes, expected at least " +
                            std::to_string(kHeaderBytes));
  }
  if (bytes.substr(0, sizeof kMagic) != std::string_view(kMagic, sizeof kMagic)) {
    return Outcome::failure("serialised attributes do not start with PATT");
  }
  if (numberAt(bytes, 4) != kLayoutVersion) {
    return Outcome::failure("serialised attributes have layout " + std::to_string(numberAt(bytes, 4)) + ", expected " +
                            std::to_string(kLayoutVersion));
  }
  if (numberAt(bytes, 8) != bytes.size()) {
    return Outcome::failure("serialised attributes are truncated or extended: found " + std::to_string(bytes.size()) + " bytes, expected " +
                            std::to_string(numberAt(bytes, 8)));
  }
  if (numberAt(bytes, 12) != hashOf(bytes.substr(kHashedFrom))) {
    return Outcome::failure("serialised attributes were altered: the checksum does not match");
  }
  return Outcome::success();
}

}  // namespace

std::string attributesToBytes(OpInfo const& info, Attributes const& attributes) {
  std::string body;
  appendText(body, info.name);
  appendText(body, info.version);
  appendText(body, attributes.text());
  std::string bytes(kMagic, sizeof kMagic);
  appendNumber(bytes, kLayoutVersion);
  appendNumber(bytes, static_cast<uint32_t>(kHeaderBytes + body.size()));
  appendNumber(bytes, hashOf(body));
  return bytes + body;
}

Outcome attributesFromBytes(OpInfo const& info, void const* data, size_t length, Attributes& attributes) {
  if (data == nullptr) return Outcome::failure("serialised attributes are a null pointer");
  std::string_view bytes(static_cast<char const*>(data), length);
  Outcome outcome = checkHeader(bytes);
  if (!outcome) return outcome;
  bytes.remove_prefix(kHeaderBytes);
  std::string_view name;
  std::string_view version;
  std::string_view text;
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
