#include "sweep.hpp"

#include <algorithm>

#include "points_file.hpp"

namespace profiler::core {
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

bool takes(SweepOp const& op, std::string const& attribute) {
  return !op.attributes || std::find(op.attributes->begin(), op.attributes->end(), attribute) != op.attributes->end();
}

using Lists = std::vector<std::pair<std::string, std::vector<std::string>>>;

/// Execution of the points that do not state it: the single values.
Execution singleExecution(Lists const& lists) {
  Pairs pairs = {{"op", "any"}};
  for (auto const& [key, values] : lists) {
    if (values.size() == 1) pairs.emplace_back(key, values.front());
  }
  return makePoint(pairs, {}).execution;
}

}  // namespace

std::vector<PointRequest> expand(Sweep const& sweep) {
  Lists const execution = {
      {"threads", sweep.threads}, {"streams", sweep.streams}, {"cache_mode", sweep.caches}, {"launch_mode", sweep.launchModes}};
  std::vector<PointRequest> points;
  for (auto const& op : sweep.ops) {
    std::vector<Pairs> product = times({{{"op", op.name}}}, "shape", sweep.shapes);
    if (op.hasType) product = times(product, "dtype", sweep.types.empty() ? std::vector<std::string>{"fp32"} : sweep.types);
    for (auto const& [key, values] : sweep.sets) {
      if (takes(op, key)) product = times(product, key, values);
    }
    for (auto const& [key, values] : execution) {
      if (values.size() > 1) product = times(product, key, values);
    }
    for (auto const& pairs : product) points.push_back(makePoint(pairs, singleExecution(execution)));
  }
  refuseDoubles(points);
  return points;
}

}  // namespace profiler::core
