/// What the driver can run: names and attributes for `--list`, sweeps and refusals.
#pragma once

#include <string>
#include <vector>

#include "options.hpp"
#include "point.hpp"

namespace profiler::driver {

/// Attribute names of an op (`swish`, `native_relu`, `copy`); an engine's or model's are those of its reference. Empty for no op.
std::vector<std::string> attributeNamesOf(std::string const& op, Options const& options);

/// The plugins that --plugin names: `all` stands for every built-in op that is not named beside it.
std::vector<std::string> expandPlugins(std::vector<std::string> const& names);

/// Refuses op and attribute names that do not exist, with the nearest one, and points without shape or type, before any GPU time is
/// spent; of a sweep also values that leave no point to run. What only some points cannot take is found later, point by point.
void refuseUnrunnable(std::vector<PointRequest> const& points, Options const& options);

std::string listText();
std::string listJson();

}  // namespace profiler::driver
