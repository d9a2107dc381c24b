#include "sweep.hpp"

#include <algorithm>
#include <filesystem>

#include "error.hpp"
#include "nearest_name.hpp"
#include "points_file.hpp"

namespace profiler::driver {
namespace {

using Pairs = std::vector<NamedText>;

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

/// Values of an execution key where it is swept; a single value is no part of the label.
template <typename Item, typename Text>
std::vector<std::string> sweptTexts(std::vector<Item> const& items, Text text) {
  std::vector<std::string> texts;
  if (items.size() < 2) return texts;
  for (auto const& item : items) texts.push_back(text(item));
  return texts;
}

Execution firstExecution(Options const& options) {
  return {options.threads.front(), options.streams.front(), options.caches.front(), options.launchModes.front()};
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
  if (!options.pointsFile.empty()) {
    return readPointsFile(options.pointsFile, firstExecution(options));
  }
  bool const network = !options.engineFile.empty() || !options.onnxFile.empty();
  auto const number = [](int value) { return std::to_string(value); };
  std::vector<std::string> const ops = opNames(options);
  refuseUnknownAttributes(options, ops, attributeNames);
  std::vector<PointRequest> points;
  for (auto const& op : ops) {
    std::vector<Pairs> product = {{{"op", op}}};
    product = times(product, "shape", options.shapes);
    // A network has its own types; beside it --dtype is the copy's.
    if (!network || op == kCopyOp)
      product = times(product, "dtype", options.types.empty() ? std::vector<std::string>{"fp32"} : options.types);
    std::vector<std::string> const known = attributeNames(op);
    for (auto const& [key, values] : options.sets) {
      if (contains(known, key)) product = times(product, key, values);
    }
    product = times(product, "threads", sweptTexts(options.threads, number));
    product = times(product, "streams", sweptTexts(options.streams, number));
    product = times(product, "cache_mode", sweptTexts(options.caches, cacheModeName));
    product = times(product, "launch_mode", sweptTexts(options.launchModes, launchModeName));
    for (auto const& pairs : product) points.push_back(makePoint(pairs, firstExecution(options)));
  }
  refuseDoubles(points);
  return points;
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
  return options.onlyFile.empty() ? points : onlyNamed(std::move(points), options.onlyFile, firstExecution(options));
}

}  // namespace profiler::driver
