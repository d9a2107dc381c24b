#include "number_text.hpp"

#include <charconv>
#include <cmath>
#include <sstream>

#include "error.hpp"

namespace profiler::core {

std::int64_t parseInteger(std::string const& what, std::string const& text, std::int64_t low, std::int64_t high) {
  std::int64_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < low || number > high) {
    throw usageError(what + " is '" + text + "'", "give a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  }
  return number;
}

double parseReal(std::string const& what, std::string const& text, double low, double high) {
  double number = 0.0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  bool const whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || !std::isfinite(number) || number < low || number > high) {
    std::ostringstream range;
    range << "give a number from " << low << " to " << high;
    throw usageError(what + " is '" + text + "'", range.str());
  }
  return number;
}

std::vector<std::string> splitList(std::string const& what, std::string const& text) {
  std::vector<std::string> items;
  std::size_t at = 0;
  while (at <= text.size()) {
    std::size_t const end = std::min(text.find(',', at), text.size());
    if (end == at) throw usageError(what + " has an empty value in '" + text + "'", "separate values by single commas");
    items.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return items;
}

}  // namespace profiler::core
