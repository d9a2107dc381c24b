/// JSON values and their texts.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace profiler::core {

/// A JSON value whose objects keep the order of their members.
using Json = nlohmann::ordered_json;

/// The value, or `null` where there is none.
template <typename Item>
Json orNull(std::optional<Item> const& item) {
  return item ? Json(*item) : Json();
}

/// Whether a text is a number in JSON's grammar.
inline bool isJsonNumber(std::string const& text) {
  bool const framed = !text.empty() && (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) && text.back() >= '0' && text.back() <= '9';
  return framed && Json::accept(text);
}

/// A text that reads as a number, without a digit lost, as that number; all else as text.
inline Json numberOrText(std::string const& text) {
  if (!isJsonNumber(text)) return text;
  Json number = Json::parse(text, nullptr, false);
  bool const isWhole = text.find_first_of(".eE") == std::string::npos;
  return number.is_discarded() || (isWhole && number.is_number_float()) ? Json(text) : number;
}

/// One line of JSON; bytes that are no UTF-8 become U+FFFD, numbers that are not finite `null`.
inline std::string dump(Json const& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace profiler::core
