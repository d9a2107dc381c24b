/// Reads the points of a sweep from a file: label lines, or the JSON document that the Python runner writes.
#pragma once

#include <string>
#include <vector>

#include "json.hpp"
#include "point.hpp"

namespace profiler::core {

/// Reads a points file of either form (docs/formats.md). Throws Error(kFileMissing) when it cannot be read and Error(kUsage), with the
/// line or the number of the point, for what is no point.
std::vector<PointRequest> readPointsFile(std::string const& path, Execution const& defaults);

/// Reads points from text: a JSON document when it begins with `{`, otherwise one point a line in label syntax, where blank lines and
/// comments (# at the start of a line or behind a blank) are passed over.
///
/// Args:
///   source: name for messages.
std::vector<PointRequest> readPoints(std::string const& text, std::string const& source, Execution const& defaults);

/// One point of a points document: op, shape, dtype and attributes, or anything else that a label may hold. Throws Error(kUsage).
PointRequest readPoint(Json const& point, Execution const& defaults);

/// Throws Error(kUsage) when two points have one label.
void refuseDoubles(std::vector<PointRequest> const& points);

}  // namespace profiler::core
