/// Expands the options of a sweep into points.
#pragma once

#include <vector>

#include "options.hpp"
#include "point.hpp"

namespace profiler::driver {

inline constexpr char kNativePrefix[] = "native_";
inline constexpr char kCopyOp[] = "copy";

/// Expands the product op x shape x dtype x attributes x execution, the last list fastest, or reads the points file. Each op takes the
/// attributes that it has. Execution keys enter a label only where they are swept; a single value holds for all points. With --only the
/// points whose labels stand in that file stay.
///
/// Throws Error(kUsage) when an attribute is known to no op of the sweep, two points would have one label, or --only names a point
/// that the sweep does not have.
std::vector<PointRequest> expandSweep(Options const& options);

}  // namespace profiler::driver
