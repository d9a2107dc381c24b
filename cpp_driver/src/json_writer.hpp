/// Writes JSON text: commas, escaping and `null` for what is unknown or not finite.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace profiler::driver {

/// Returns the text as a quoted JSON string; bytes that are no UTF-8 become U+FFFD.
std::string quoteJson(std::string_view text);

/// Whether a text is a number in JSON's grammar.
bool isJsonNumber(std::string_view text);

/// A streaming writer. The caller opens and closes objects and arrays; the writer sets the separators.
class JsonWriter {
 public:
  JsonWriter& beginObject() { return open('{'); }
  JsonWriter& endObject() { return close('}'); }
  JsonWriter& beginArray() { return open('['); }
  JsonWriter& endArray() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& null() { return raw("null"); }
  JsonWriter& value(std::string_view text) { return raw(quoteJson(text)); }
  JsonWriter& value(char const* text) { return raw(quoteJson(text)); }
  JsonWriter& value(std::string const& text) { return raw(quoteJson(text)); }
  JsonWriter& value(bool truth) { return raw(truth ? "true" : "false"); }
  JsonWriter& value(double number);
  template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>, typename = void>
  JsonWriter& value(Integer number) {
    return raw(std::to_string(number));
  }
  template <typename Item>
  JsonWriter& value(std::optional<Item> const& item) {
    return item ? value(*item) : null();
  }
  template <typename Item>
  JsonWriter& value(std::vector<Item> const& items) {
    beginArray();
    for (auto const& item : items) value(item);
    return endArray();
  }
  template <typename Item>
  JsonWriter& field(std::string_view name, Item const& item) {
    return key(name).value(item);
  }
  /// Inserts finished JSON text as one value.
  JsonWriter& raw(std::string_view json);

  std::string const& text() const { return mText; }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string mText;
  bool mNeedsComma = false;
};

}  // namespace profiler::driver
