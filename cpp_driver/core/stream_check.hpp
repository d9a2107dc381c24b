/// Finds out whether an executor keeps to the stream that it is given.
#pragma once

#include <optional>

#include "lane.hpp"

namespace profiler::core {

/// Holds a non-blocking stream with a delay, enqueues one iteration behind it and looks at the poisoned output while the stream is
/// still held: if the output changed, work ran on another stream.
///
/// Returns:
///   true or false; absent when there is no output, or the look came too late to tell.
std::optional<bool> checkKeepsToStream(Lane& lane);

}  // namespace profiler::core
