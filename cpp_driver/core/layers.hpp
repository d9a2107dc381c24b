/// Reads the layers of an engine from TensorRT's engine inspector.
#pragma once

#include <string>

#include "json_type.hpp"

namespace profiler::core {

/// The list `layers` of a point's record from the inspector's JSON; null when it is no JSON or names no layers. An engine built without
/// detailed verbosity gives names only.
Json readLayers(std::string const& inspectorJson);

}  // namespace profiler::core
