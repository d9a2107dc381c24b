#include "point.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>

#include "error.hpp"
#include "json.hpp"
#include "profiler/point_label.hpp"
#include "settings.hpp"

namespace profiler::core {
namespace {

std::string decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    std::string_view const digits = text.substr(i + 1, 2);
    unsigned int byte = 0;
    auto const [next, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (error != std::errc{} || digits.size() < 2 || next != digits.data() + 2) {
      throw usageError("broken percent-encoding in '" + std::string(text) + "'", "write % as %25");
    }
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

plugins::ElementType parseType(std::string const& text) {
  plugins::ElementType type{};
  if (!plugins::parseElementType(text, type) || !isFloat(type)) throw usageError("unknown type '" + text + "'", "use fp32, fp16 or bf16");
  return type;
}

/// Takes a key over that is a setting of single points; the settings know its range.
bool applyExecution(Execution& execution, std::string const& key, std::string const& value) {
  if (key != "threads" && key != "streams" && key != "cache_mode" && key != "launch_mode") return false;
  Execution const given = readSettings(fillSettings({{key, value}})).execution;
  if (key == "threads") execution.threads = given.threads;
  if (key == "streams") execution.streams = given.streams;
  if (key == "cache_mode") execution.cache = given.cache;
  if (key == "launch_mode") execution.launch = given.launch;
  return true;
}

/// Real numbers are written alike wherever a label is made, however the user wrote them; all else stands as it is.
LabelValue labelText(std::string const& text) {
  if (!isJsonNumber(text) || text.find_first_of(".eE") == std::string::npos) return text;
  double const number = std::strtod(text.c_str(), nullptr);
  return std::isfinite(number) ? LabelValue(number) : LabelValue(text);
}

}  // namespace

Extents parseShape(std::string const& text) {
  if (text == kRankZero) return {};
  Extents shape;
  char const* at = text.data();
  char const* const end = at + text.size();
  while (true) {
    std::int64_t extent = -1;
    auto const [next, error] = std::from_chars(at, end, extent);
    bool const atSeparator = next == end || *next == 'x';
    if (error != std::errc{} || extent < 0 || !atSeparator || shape.size() == plugins::kMaxRank) {
      throw usageError("'" + text + "' is no shape", "write extents joined by x, at most eight: 65536x1024; or scalar for rank 0");
    }
    shape.push_back(extent);
    if (next == end) break;
    at = next + 1;
  }
  elementCountOf(shape);
  return shape;
}

std::string formatShape(Extents const& shape) {
  if (shape.empty()) return kRankZero;
  std::string text;
  for (auto const extent : shape) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

Extents extentsOf(plugins::Shape const& shape) { return {shape.dims, shape.dims + shape.rank}; }

plugins::Shape contractShape(Extents const& extents) {
  if (extents.size() > plugins::kMaxRank)
    throw usageError("shape " + formatShape(extents) + " has more than eight dimensions", "use at most eight");
  plugins::Shape shape;
  shape.rank = static_cast<std::int32_t>(extents.size());
  std::copy(extents.begin(), extents.end(), shape.dims);
  return shape;
}

std::int64_t elementCountOf(Extents const& shape) {
  std::int64_t count = 1;
  for (auto const extent : shape)
    if (extent == 0) return 0;
  for (auto const extent : shape) {
    if (extent > plugins::kMaxElements / count) {
      throw usageError("shape " + formatShape(shape) + " has more than 2^56 elements",
                       "take a smaller shape: no device holds such a tensor");
    }
    count *= extent;
  }
  return count;
}

PointRequest makePoint(std::vector<NamedText> const& pairs, Execution const& defaults) {
  PointRequest point;
  point.execution = defaults;
  std::set<std::string> seen;
  std::vector<LabelPair> labelPairs;
  for (auto const& [key, value] : pairs) {
    if (!seen.insert(key).second) throw usageError("'" + key + "' stands twice in one point", "give each key once");
    labelPairs.emplace_back(key, labelText(value));
    if (key == "op") {
      point.op = value;
    } else if (key == "shape") {
      point.shape = parseShape(value);
    } else if (key == "dtype") {
      point.type = parseType(value);
    } else if (!applyExecution(point.execution, key, value)) {
      point.attributes.emplace_back(key, value);
    }
  }
  if (point.op.empty()) throw usageError("a point without op", "add op=NAME; profiler-driver --list shows the names");
  point.label = pointLabel(labelPairs);
  return point;
}

std::vector<NamedText> parseLabel(std::string_view line) {
  std::vector<NamedText> pairs;
  for (std::size_t at = 0; at < line.size();) {
    std::size_t const end = std::min(line.find_first_of(" \t\r", at), line.size());
    std::string_view const word = line.substr(at, end - at);
    at = end + 1;
    if (word.empty() || (pairs.empty() && word == "point")) continue;
    std::size_t const equals = word.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      throw usageError("'" + std::string(word) + "' is no key=value pair", "write op=swish shape=65536x1024 dtype=fp32 block=256");
    }
    pairs.emplace_back(decode(word.substr(0, equals)), decode(word.substr(equals + 1)));
  }
  return pairs;
}

}  // namespace profiler::core
