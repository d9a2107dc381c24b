/// What an engine offers to a measurement, as functions: iterations to enqueue, and the float64 result to compare outputs with.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "contract/op.hpp"

namespace profiler::core {

/// Addresses of one buffer set, in the order of the workload's tensors.
using Addresses = std::vector<void*>;

/// Enqueues iterations of one lane (one thread, one stream); never shared between lanes.
struct Executor {
  /// Selects the buffers of the next iterations; no device work.
  std::function<void(Addresses const& addresses)> bind;
  /// Enqueues one iteration on `stream` (a cudaStream_t; null on the host, where the work is done on return).
  std::function<void(void* stream)> enqueue;
};

/// The float64 result to compare outputs with.
struct Reference {
  bool elementwise = true;  ///< A slice of elements can be computed from the same slice of the inputs.
  /// Computes outputs of `shapes` (the inputs' shapes; for an elementwise slice, one extent).
  std::function<void(plugins::Shape const* shapes, double const* const* inputs, double* const* outputs)> compute;
  std::function<plugins::Tolerance(plugins::ElementType)> tolerance;
  std::int64_t sliceElements = std::int64_t{1} << 12;  ///< Asked for at a time: so few that they stay in the first-level caches.
};

}  // namespace profiler::core
