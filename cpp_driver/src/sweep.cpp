#include "sweep.hpp"

#include <algorithm>
#include <filesystem>

#include "catalogue.hpp"
#include "error.hpp"
#include "points_file.hpp"

namespace profiler::driver {
namespace {

using Pairs = std::vector<NamedText>;

template <typename Items, typename Item>
bool contains(Items const& items, Item const& item) {
  return std::find(items.begin(), items.end(), item) != items.end();
}

std::vector<std::string> opNames(Options const& options) {
  std::vector<std::string> ops = expandPlugins(options.plugins);
  for (auto const& native : options.natives) ops.push_back(native.rfind(kNativePrefix, 0) == 0 ? native : kNativePrefix + native);
  if (options.copy) ops.push_back(kCopyOp);
  if (!options.network().empty()) {
    ops.push_back(options.name.empty() ? std::filesystem::path(options.network()).stem().string() : options.name);
    if (ops.back() == kCopyOp) throw usageError("a network cannot be called copy: that is the op of --copy", "give it a name with --name");
  }
  return ops;
}

/// A key that no op of the sweep knows is a typing error, not a configuration.
void refuseUnknownAttributes(Options const& options, std::vector<std::string> const& ops) {
  std::vector<std::string> known;
  for (auto const& op : ops)
    for (auto& name : attributeNamesOf(op, options)) known.push_back(std::move(name));
  for (auto const& set : options.sets) {
    if (contains(known, set.first)) continue;
    throw usageError("no op of this sweep has the attribute '" + set.first + "'" + didYouMean(set.first, known),
                     "profiler-driver --list shows the attributes of each op");
  }
}

/// Multiplies the points so far by the values of one more key.
std::vector<Pairs> times(std::vector<Pairs> const& points, std::string const& key, std::vector<std::string> const& values) {
  if (values.empty()) return points;
  std::vector<Pairs> product;
  for (auto const& point : points) {
    for (auto const& value : values) {
      product.push_back(point);
      product.back().emplace_back(key, value);
    }
  }
  return product;
}

std::vector<PointRequest> wholeSweep(Options const& options) {
  if (!options.pointsFile.empty()) return readPointsFile(options.pointsFile, options.settings.execution);
  std::vector<std::string> const ops = opNames(options);
  refuseUnknownAttributes(options, ops);
  std::vector<PointRequest> points;
  for (auto const& op : ops) {
    std::vector<Pairs> product = times({{{"op", op}}}, "shape", options.shapes);
    // A network has its own types; beside it --dtype is the copy's.
    bool const hasType = options.network().empty() || op == kCopyOp;
    if (hasType) product = times(product, "dtype", options.types.empty() ? std::vector<std::string>{"fp32"} : options.types);
    auto const takes = attributeNamesOf(op, options);
    for (auto const& [key, values] : options.sets)
      if (contains(takes, key)) product = times(product, key, values);
    for (char const* key : {"threads", "streams", "cache_mode", "launch_mode"}) {
      auto const& values = options.execution.at(key);
      if (values.size() > 1) product = times(product, key, values);
    }
    for (auto const& pairs : product) points.push_back(makePoint(pairs, options.settings.execution));
  }
  refuseDoubles(points);
  return points;
}

/// The points of the sweep that `path` names, in the order of the sweep.
std::vector<PointRequest> onlyNamed(std::vector<PointRequest> points, std::string const& path, Execution const& defaults) {
  std::vector<std::string> labels, known;
  for (auto const& point : readPointsFile(path, defaults)) labels.push_back(point.label);
  for (auto const& point : points) known.push_back(point.label);
  for (auto const& label : labels) {
    if (!contains(known, label))
      throw usageError(path + ": the sweep has no point '" + label + "'", "--dry-run lists the points of the sweep");
  }
  auto const unnamed = [&](PointRequest const& point) { return !contains(labels, point.label); };
  points.erase(std::remove_if(points.begin(), points.end(), unnamed), points.end());
  return points;
}

}  // namespace

std::vector<PointRequest> expandSweep(Options const& options) {
  auto points = wholeSweep(options);
  return options.onlyFile.empty() ? points : onlyNamed(std::move(points), options.onlyFile, options.settings.execution);
}

}  // namespace profiler::driver
