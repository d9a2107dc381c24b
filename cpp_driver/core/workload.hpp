/// What every engine offers the run loop: tensors, executors to enqueue iterations with, and facts for the result.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "contract/op.hpp"
#include "json_type.hpp"
#include "tensor_spec.hpp"

namespace profiler::core {

/// Addresses of one buffer set, in the order of the workload's tensors.
using Addresses = std::vector<void*>;

/// Enqueues iterations of one lane (one thread, one stream); never shared between lanes.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Selects the buffers of the next iterations; no device work.
  virtual void bind(Addresses const& addresses) = 0;
  /// Enqueues one iteration on `stream` (a cudaStream_t; null on the host, where the work is done on return).
  virtual void enqueue(void* stream) = 0;
};

/// The float64 result to compare outputs with.
class Reference {
 public:
  virtual ~Reference() = default;
  /// Whether a slice of elements can be computed from the same slice of the inputs.
  virtual bool elementwise() const = 0;
  /// Computes outputs of `shapes` (the inputs' shapes; for an elementwise slice, one extent).
  virtual void compute(plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) const = 0;
  virtual plugins::Tolerance tolerance(plugins::ElementType type) const = 0;
  /// Elements to ask for at a time: so few that they stay in the first-level caches.
  virtual std::int64_t sliceElements() const { return std::int64_t{1} << 12; }
};

/// One configuration ready to run. Inputs precede outputs in `tensors`.
class Workload {
 public:
  virtual ~Workload() = default;
  virtual char const* engineName() const = 0;
  virtual std::vector<TensorSpec> const& tensors() const = 0;
  virtual std::unique_ptr<Executor> makeExecutor() = 0;
  /// Bytes that one iteration must move: by default every input read once and every output written once.
  virtual std::int64_t bytesPerIteration() const;
  /// Null when there is nothing to compare with.
  virtual Reference const* reference() const { return nullptr; }
  /// Kernels and copies that an iteration puts into the launch queue.
  virtual std::int64_t launchesPerIteration() const { return 1; }
  /// Members of the point's record that the engine knows: `launch`, `layers`, `engine_digest` and the like.
  virtual Json facts() const;
};

}  // namespace profiler::core
