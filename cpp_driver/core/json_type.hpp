/// The name of JSON values, for headers that only pass them on.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace profiler::core {

/// A JSON value whose objects keep the order of their members.
using Json = nlohmann::ordered_json;

}  // namespace profiler::core
