/// What every engine offers the run loop: tensors, executors to enqueue iterations with, and facts for the result.
#pragma once

#include <cuda_runtime_api.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/op.hpp"
#include "tensor_spec.hpp"

namespace profiler::driver {

/// Addresses of one buffer set, in the order of the workload's tensors.
using Addresses = std::vector<void*>;

/// Enqueues iterations of one lane (one thread, one stream); never shared between lanes.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Selects the buffers of the next iterations; no device work.
  virtual void bind(Addresses const& addresses) = 0;
  /// Enqueues one iteration on `stream` and returns.
  virtual void enqueue(cudaStream_t stream) = 0;
};

struct LaunchDescription {
  std::string kernel;
  std::optional<std::string> symbol;  ///< Mangled name of the instantiation, where it is known.
  std::array<std::uint32_t, 3> grid{1, 1, 1}, block{1, 1, 1};
  std::uint32_t dynamicSharedMemoryBytes = 0;
  std::optional<int> itemsPerThread, accessBytes;
  std::vector<NamedText> resolved;  ///< Attributes after `auto` was resolved.
  std::optional<std::string> note;
};

struct LayerDescription {
  std::string name, type;
  std::vector<std::string> inputFormats, outputFormats;
  bool isReformat = false;
};

/// How an engine came to be.
struct EngineFacts {
  std::string digest;                   ///< Of the serialised engine.
  std::string origin;                   ///< `built`, `cache` or `file`.
  std::optional<std::string> cacheKey;  ///< Absent when the cache is off.
  std::optional<std::int64_t> buildNs;  ///< Time of the build, absent when nothing was built.
  std::optional<std::int64_t> sizeBytes;
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
  virtual std::optional<LaunchDescription> launch() const { return std::nullopt; }
  virtual std::optional<std::vector<LayerDescription>> layers() const { return std::nullopt; }
  virtual std::optional<EngineFacts> engine() const { return std::nullopt; }
};

}  // namespace profiler::driver
