/// One configuration of a sweep: what runs, on which shape and type, with which attributes, and how it is executed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/tensor.hpp"

namespace profiler::core {

using NamedText = std::pair<std::string, std::string>;
using Extents = std::vector<std::int64_t>;

enum class CacheMode { kCold, kWarm };
enum class LaunchMode { kPlain, kGraph };

/// How a point is executed; everything that is no property of the op.
struct Execution {
  int threads = 1;
  int streams = 1;
  CacheMode cache = CacheMode::kCold;
  LaunchMode launch = LaunchMode::kPlain;
};

struct PointRequest {
  std::string op;
  std::optional<Extents> shape;
  std::optional<plugins::ElementType> type;
  std::vector<NamedText> attributes;  ///< Op attributes in the order given, unchecked until the op is known.
  Execution execution;
  std::string label;
};

/// The shape of a tensor of rank 0: one element without any extent.
inline constexpr char kRankZero[] = "scalar";

/// Reads `65536x1024`, or `scalar` for rank 0. Throws Error(kUsage) on anything else, on an extent below 0 and on more than eight
/// dimensions.
Extents parseShape(std::string const& text);
std::string formatShape(Extents const& shape);
/// Product of the extents; throws Error(kUsage) above 2^56, what the ops take.
std::int64_t elementCountOf(Extents const& shape);

/// The shape as the ops' contract has it. Throws Error(kUsage) above eight dimensions.
plugins::Shape contractShape(Extents const& extents);
Extents extentsOf(plugins::Shape const& shape);

/// Builds a point from `key=value` pairs: op, shape, dtype, threads, streams, cache_mode and launch_mode are understood here, every
/// other key is an attribute of the op. The label holds these pairs, reserved keys first, real
/// numbers in `%.9g` form.
///
/// Args:
///   pairs: decoded keys and values; `op` must be there.
///   defaults: execution for the keys that are absent.
PointRequest makePoint(std::vector<NamedText> const& pairs, Execution const& defaults);

/// Splits a label line (`op=swish shape=65536x1024 …`) into decoded pairs. Throws Error(kUsage) on a broken pair.
std::vector<NamedText> parseLabel(std::string_view line);

}  // namespace profiler::core
