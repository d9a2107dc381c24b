#include "request_points.hpp"

#include <algorithm>
#include <filesystem>

#include "error.hpp"
#include "nearest_name.hpp"
#include "points_file.hpp"
#include "sweep.hpp"

namespace profiler::driver {
namespace {

std::vector<std::string> opNames(Options const& options) {
  std::vector<std::string> ops = options.plugins;
  for (auto const& native : options.natives) {
    ops.push_back(native.rfind(kNativePrefix, 0) == 0 ? native : kNativePrefix + native);
  }
  if (options.copy) ops.push_back(kCopyOp);
  std::string const& network = options.engineFile.empty() ? options.onnxFile : options.engineFile;
  if (!network.empty()) {
    ops.push_back(options.name.empty() ? std::filesystem::path(network).stem().string() : options.name);
    if (ops.back() == kCopyOp) throw usageError("a network cannot be called copy: that is the op of --copy", "give it a name with --name");
  }
  return ops;
}

bool contains(std::vector<std::string> const& names, std::string const& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// A key that no op of the sweep knows is a typing error, not a configuration.
void refuseUnknownAttributes(Options const& options, std::vector<std::string> const& ops, AttributeNames const& attributeNames) {
  std::vector<std::string> known;
  for (auto const& op : ops) {
    for (auto& name : attributeNames(op)) known.push_back(std::move(name));
  }
  for (auto const& set : options.sets) {
    if (contains(known, set.first)) continue;
    throw usageError("no op of this sweep has the attribute '" + set.first + "'" + didYouMean(set.first, known),
                     "profiler-driver --list shows the attributes of each op");
  }
}

std::vector<PointRequest> wholeSweep(Options const& options, AttributeNames const& attributeNames) {
  if (!options.pointsFile.empty()) return readPointsFile(options.pointsFile, options.settings.execution);
  bool const network = !options.engineFile.empty() || !options.onnxFile.empty();
  std::vector<std::string> const ops = opNames(options);
  refuseUnknownAttributes(options, ops, attributeNames);
  Sweep sweep{{}, options.shapes, options.types, options.sets, options.threads, options.streams, options.caches, options.launchModes};
  // A network has its own types; beside it --dtype is the copy's.
  for (auto const& op : ops) sweep.ops.push_back({op, attributeNames(op), !network || op == kCopyOp});
  return expand(sweep);
}

/// The points of the sweep that `path` names, in the order of the sweep.
std::vector<PointRequest> onlyNamed(std::vector<PointRequest> points, std::string const& path, Execution const& defaults) {
  std::vector<std::string> labels;
  for (auto const& point : readPointsFile(path, defaults)) labels.push_back(point.label);
  for (auto const& label : labels) {
    auto const same = [&](PointRequest const& point) { return point.label == label; };
    if (std::none_of(points.begin(), points.end(), same)) {
      throw usageError(path + ": the sweep has no point '" + label + "'", "--dry-run lists the points of the sweep");
    }
  }
  auto const unnamed = [&](PointRequest const& point) { return !contains(labels, point.label); };
  points.erase(std::remove_if(points.begin(), points.end(), unnamed), points.end());
  return points;
}

}  // namespace

std::vector<PointRequest> expandSweep(Options const& options, AttributeNames const& attributeNames) {
  auto points = wholeSweep(options, attributeNames);
  return options.onlyFile.empty() ? points : onlyNamed(std::move(points), options.onlyFile, options.settings.execution);
}

}  // namespace profiler::driver
