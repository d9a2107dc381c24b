/// Reads JSON text into a tree. For the engine inspector's answer and for tests; numbers keep their text.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace profiler::driver {

class JsonSyntaxError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct JsonValue {
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  Kind kind = Kind::kNull;
  bool truth = false;
  std::string text;  ///< A string's content or a number's digits as written.
  std::vector<JsonValue> items;
  std::vector<std::pair<std::string, JsonValue>> members;

  /// Member of an object; null when there is none or this is no object.
  JsonValue const* find(std::string_view name) const;
  /// Text of a string member, empty when there is none.
  std::string textOf(std::string_view name) const;
};

/// Parses one JSON document. Throws JsonSyntaxError with the offset.
JsonValue parseJson(std::string_view text);

}  // namespace profiler::driver
