#include "points_file.hpp"

#include <fstream>
#include <set>
#include <sstream>

#include "error.hpp"
#include "json_reader.hpp"

namespace profiler::driver {
namespace {

constexpr char kSchemaVersion[] = "1";

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

std::string scalarText(JsonValue const& value, std::string const& name) {
  switch (value.kind) {
    case JsonValue::Kind::kString:
    case JsonValue::Kind::kNumber: return value.text;
    case JsonValue::Kind::kBool: return value.truth ? "true" : "false";
    default: throw usageError("'" + name + "' is no text, number or truth value");
  }
}

std::string shapeText(JsonValue const& value) {
  if (value.kind != JsonValue::Kind::kArray) return scalarText(value, "shape");
  if (value.items.empty()) return kRankZero;
  std::string text;
  for (auto const& extent : value.items) text += (text.empty() ? "" : "x") + scalarText(extent, "shape");
  return text;
}

std::vector<NamedText> pairsOf(JsonValue const& point) {
  if (point.kind != JsonValue::Kind::kObject) throw usageError("a point is no object");
  std::vector<NamedText> pairs;
  for (auto const& [name, value] : point.members) {
    if (value.kind == JsonValue::Kind::kNull || name == "label") continue;
    if (name == "attributes") {
      if (value.kind != JsonValue::Kind::kObject) throw usageError("'attributes' is no object", "write \"attributes\": {\"block\": 128}");
      for (auto const& [attribute, setting] : value.members) pairs.emplace_back(attribute, scalarText(setting, attribute));
    } else {
      pairs.emplace_back(name, name == "shape" ? shapeText(value) : scalarText(value, name));
    }
  }
  return pairs;
}

std::vector<PointRequest> readDocument(std::string const& text, std::string const& source, Execution const& defaults) {
  std::vector<PointRequest> points;
  try {
    JsonValue const document = parseJson(text);
    JsonValue const* items = document.find("points");
    bool const isList = items && items->kind == JsonValue::Kind::kArray;
    if (document.textOf("schema") != "profiler-points" || !isList) {
      throw usageError(source + " is no points document", "it must hold schema: profiler-points and a list of points; see docs/formats.md");
    }
    JsonValue const* version = document.find("schema_version");
    if (version && (version->kind != JsonValue::Kind::kNumber || version->text != kSchemaVersion)) {
      throw usageError(
          source + " has schema_version " + (version->text.empty() ? "of another type" : version->text) + ", expected " + kSchemaVersion,
          "write the points anew, or take the driver of the version that wrote them");
    }
    for (auto const& item : items->items) {
      atPlace(source + ": point " + std::to_string(points.size()), [&] { points.push_back(makePoint(pairsOf(item), defaults)); });
    }
  } catch (JsonSyntaxError const& error) {
    throw usageError(source + ": broken JSON: " + error.what());
  }
  return points;
}

}  // namespace

std::vector<PointRequest> readPointsFile(std::string const& path, Execution const& defaults) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ExitCode::kFileMissing, "cannot read " + path, "check --points");
  std::ostringstream text;
  text << file.rdbuf();
  return readPoints(text.str(), path, defaults);
}

std::vector<PointRequest> readPoints(std::string const& text, std::string const& source, Execution const& defaults) {
  std::size_t const start = text.find_first_not_of(" \t\r\n");
  bool const isDocument = start != std::string::npos && text[start] == '{';
  auto points = isDocument ? readDocument(text, source, defaults) : readLines(text, source, defaults);
  if (points.empty()) throw usageError(source + " holds no point", "write one point a line: op=swish shape=65536x1024 dtype=fp32");
  refuseDoubles(points);
  return points;
}

void refuseDoubles(std::vector<PointRequest> const& points) {
  std::set<std::string> labels;
  for (auto const& point : points) {
    if (!labels.insert(point.label).second) throw usageError("the point '" + point.label + "' is asked for twice", "give each value once");
  }
}

}  // namespace profiler::driver
