#include "points_file.hpp"

#include <set>
#include <sstream>

#include "error.hpp"
#include "files.hpp"

namespace profiler::core {
namespace {

constexpr int kSchemaVersion = 1;

/// Runs `read` and puts the place in front of what it refuses.
template <typename Read>
void atPlace(std::string const& place, Read const& read) {
  try {
    read();
  } catch (Error const& error) {
    throw Error(error.code(), place + ": " + error.what(), error.hint());
  }
}

/// The line without a comment: `#` starts one at the start of a line or behind a blank; inside a value it is a character like others.
std::string withoutComment(std::string const& line) {
  for (std::size_t at = line.find('#'); at != std::string::npos; at = line.find('#', at + 1)) {
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return line.substr(0, at);
  }
  return line;
}

std::vector<PointRequest> readLines(std::string const& text, std::string const& source, Execution const& defaults) {
  std::vector<PointRequest> points;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    line = withoutComment(line);
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    atPlace(source + ":" + std::to_string(number), [&] { points.push_back(makePoint(parseLabel(line), defaults)); });
  }
  return points;
}

std::string scalarText(Json const& value, std::string const& name) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_structured() || value.is_null()) throw usageError("'" + name + "' is no text, number or truth value");
  return dump(value);
}

std::string shapeText(Json const& value) {
  if (!value.is_array()) return scalarText(value, "shape");
  std::string text;
  for (auto const& extent : value) text += (text.empty() ? "" : "x") + scalarText(extent, "shape");
  return value.empty() ? kRankZero : text;
}

std::vector<NamedText> pairsOf(Json const& point) {
  if (!point.is_object()) throw usageError("a point is no object");
  std::vector<NamedText> pairs;
  for (auto const& [name, value] : point.items()) {
    if (value.is_null() || name == "label") continue;
    if (name == "attributes") {
      if (!value.is_object()) throw usageError("'attributes' is no object", "write \"attributes\": {\"block\": 128}");
      for (auto const& [attribute, setting] : value.items()) pairs.emplace_back(attribute, scalarText(setting, attribute));
    } else {
      pairs.emplace_back(name, name == "shape" ? shapeText(value) : scalarText(value, name));
    }
  }
  return pairs;
}

std::vector<PointRequest> readDocument(std::string const& text, std::string const& source, Execution const& defaults) {
  Json document;
  try {
    document = Json::parse(text);
  } catch (Json::exception const& error) {
    throw usageError(source + ": broken JSON: " + error.what());
  }
  bool const isPoints = document.value("schema", Json()) == "profiler-points" || document.value("schema", Json()) == "profiler-request";
  if (!isPoints || !document.value("points", Json()).is_array()) {
    throw usageError(source + " is no points document", "it must hold schema: profiler-points and a list of points; see docs/formats.md");
  }
  Json const version = document.value("schema_version", Json(kSchemaVersion));
  if (version != kSchemaVersion) {
    throw usageError(source + " has schema_version " + (version.is_number() ? dump(version) : "of another type") + ", expected " +
                         std::to_string(kSchemaVersion),
                     "write the points anew, or take the driver of the version that wrote them");
  }
  std::vector<PointRequest> points;
  for (auto const& item : document["points"]) {
    atPlace(source + ": point " + std::to_string(points.size()), [&] { points.push_back(readPoint(item, defaults)); });
  }
  return points;
}

}  // namespace

std::vector<PointRequest> readPointsFile(std::string const& path, Execution const& defaults) {
  return readPoints(readFile(path, "check --points"), path, defaults);
}

std::vector<PointRequest> readPoints(std::string const& text, std::string const& source, Execution const& defaults) {
  std::size_t const start = text.find_first_not_of(" \t\r\n");
  bool const isDocument = start != std::string::npos && text[start] == '{';
  auto points = isDocument ? readDocument(text, source, defaults) : readLines(text, source, defaults);
  if (points.empty()) throw usageError(source + " holds no point", "write one point a line: op=swish shape=65536x1024 dtype=fp32");
  refuseDoubles(points);
  return points;
}

PointRequest readPoint(Json const& point, Execution const& defaults) { return makePoint(pairsOf(point), defaults); }

void refuseDoubles(std::vector<PointRequest> const& points) {
  std::set<std::string> labels;
  for (auto const& point : points) {
    if (!labels.insert(point.label).second) throw usageError("the point '" + point.label + "' is asked for twice", "give each value once");
  }
}

}  // namespace profiler::core
