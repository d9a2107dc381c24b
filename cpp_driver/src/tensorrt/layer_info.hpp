/// Reads the layers of an engine from TensorRT's engine inspector.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine_facts.hpp"

namespace profiler::driver::trt {

/// Layers from the inspector's JSON; absent when it is no JSON or names no layers. An engine built without detailed verbosity gives names
/// only.
std::optional<std::vector<LayerDescription>> readLayers(std::string const& inspectorJson);

}  // namespace profiler::driver::trt
