/// @file
/// The interface of an op: everything that TensorRT adapters, the driver and foreign-language bindings need to know to offer,
/// check, launch and verify it. Knows nothing of TensorRT.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "attributes.hpp"
#include "launch_config.hpp"
#include "tensor.hpp"

namespace profiler::plugins {

/// The namespace of every plugin creator, and the domain of the ONNX nodes that resolve to it.
inline constexpr char const* kPluginNamespace = "profiler";

/// An actual value passes when |actual - expected| <= absolute + relative * |expected|.
struct Tolerance {
  double absolute = 0.0;
  double relative = 0.0;
};

/// Output `i` has the shape and type of one input.
struct OutputRule {
  int32_t shapeOfInput = 0;
  int32_t typeOfInput = 0;
};

/// The constant facts of an op. All strings and tables are static.
struct OpInfo {
  char const* name;        ///< Folder and command-line name: `swish`.
  char const* pluginName;  ///< TensorRT plugin name and ONNX op_type: `ProfilerSwish`.
  char const* version;     ///< Plugin version; changes when attributes change meaning.
  char const* summary;     ///< One line for `--list`.
  int32_t inputCount;
  Span<OutputRule const> outputs;
  FieldTable fields;
  Span<char const* const> variants;  ///< Words of the field `variant`, `auto` included.
  Span<ElementType const> types;
  bool elementwise;  ///< Each output element depends on the input elements of the same index only.
};

/// Whether the facts of an op fit what contract and adapters can hold; the reason says what to change. The registry asks before it
/// lists an op.
Outcome checkOpInfo(OpInfo const& info);

/// Where and with what a launch runs.
struct LaunchContext {
  DeviceInfo device;
  cudaStream_t stream = nullptr;
  void* workspace = nullptr;
  size_t workspaceBytes = 0;
};

/// An op is an immutable object with static lifetime: no state changes after construction, so every method may be called from any
/// thread. `inputs` has `info().inputCount` views and `outputs` as many as `info().outputs`.
class Op {
 public:
  virtual OpInfo const& info() const noexcept = 0;

  /// Whether the op can run on these tensors with these attributes; the reason is static text, null when it can.
  /// Data pointers take part (alignment, overlap) only where they are not null.
  char const* refusal(Attributes const& attributes, TensorView const* inputs, TensorView const* outputs) const noexcept;

  /// Fills `outputs` (type and shape; data is left alone) from the inputs by the output rules.
  void describeOutputs(TensorView const* inputs, TensorView* outputs) const noexcept;

  /// What `launch` would do. Pure: touches no device. Null data pointers count as 16-byte aligned.
  virtual LaunchConfig describeLaunch(Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                                      TensorView const* outputs) const noexcept = 0;

  /// Enqueues the work on `context.stream` and returns at once. No allocation, no synchronisation, no other stream.
  /// @return cudaErrorInvalidValue for what `refusal` refuses, otherwise what the launch returned.
  virtual cudaError_t launch(Attributes const& attributes, LaunchContext const& context, TensorView const* inputs,
                             TensorView const* outputs) const noexcept = 0;

  /// Device scratch memory that `launch` needs for tensors of at most these shapes.
  virtual size_t workspaceBytes(Attributes const& attributes, TensorView const* inputs, TensorView const* outputs) const noexcept;

  /// Bytes that one iteration must move at least: every input read once, every output written once. -1 when a shape is not valid.
  virtual int64_t bytesPerIteration(TensorView const* inputs, TensorView const* outputs) const noexcept;

  /// The result in double precision on the host, from inputs already rounded to their element type. `inputs[i]` and `outputs[i]`
  /// are dense arrays of doubles with the element counts of the shapes. For an elementwise op any slice may be computed alone.
  virtual void reference(Attributes const& attributes, Shape const* inputShapes, double const* const* inputs,
                         double* const* outputs) const = 0;

  /// How far a result may lie from `reference` rounded to `type`; NaN matches NaN and an infinity only itself.
  virtual Tolerance tolerance(Attributes const& attributes, ElementType type) const noexcept = 0;

  /// Whether an input element of zero gives an output element of zero. Padding of vectorised formats must stay zero.
  virtual bool mapsZeroToZero(Attributes const& attributes) const noexcept = 0;

 protected:
  ~Op() = default;
};

/// Whether one result element passes: equal NaN-ness, equal infinities, otherwise within the tolerance of the reference rounded to
/// the type.
bool withinTolerance(double actual, double expected, ElementType type, Tolerance tolerance) noexcept;

}  // namespace profiler::plugins
