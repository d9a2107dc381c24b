/// @file
/// The interface of an op: everything that TensorRT adapters, the driver and foreign-language bindings need to know to offer,
/// check, launch and verify it. Knows nothing of TensorRT, and but for `launch` nothing of CUDA.
#pragma once

#include <cstddef>
#include <cstdint>

#include "attributes.hpp"
#include "launch_config.hpp"
#include "tensor.hpp"

namespace profiler::plugins {

struct NativeOp;

/// The namespace of every plugin creator, and the domain of the ONNX nodes that resolve to it.
inline constexpr char const* kPluginNamespace = "profiler";

/// An actual value passes when |actual - expected| <= absolute + relative * |expected|.
struct Tolerance {
  double absolute = 0.0;
  double relative = 0.0;
};

/// One for each float type that an op computes on.
struct Tolerances {
  Tolerance float32, float16, bfloat16;
  constexpr Tolerance of(ElementType type) const noexcept {
    return type == ElementType::kFloat16 ? float16 : type == ElementType::kBFloat16 ? bfloat16 : float32;
  }
};

/// Output `i` has the type and, unless the op says otherwise, the shape of one input.
struct OutputRule {
  int32_t shapeOfInput = 0;
  int32_t typeOfInput = 0;
};

inline constexpr OutputRule kLikeTheInput[] = {{0, 0}};

/// One extent of an output: that of an input's axis times `factor`, divided by `divisor` and rounded up; `factor` alone where `input` is
/// negative.
struct OutputExtent {
  int32_t input = -1, axis = 0;
  int32_t factor = 1, divisor = 1;
};

struct OutputShape {
  int32_t rank = 0;
  OutputExtent extents[kMaxRank] = {};
};

/// The constant facts of an op. All strings and tables are static.
struct OpInfo {
  char const* name;        ///< Folder and command-line name: `swish`.
  char const* pluginName;  ///< TensorRT plugin name and ONNX op_type: `ProfilerSwish`.
  char const* version;     ///< Plugin version; changes when attributes change meaning.
  char const* summary;     ///< One line for `--list`.
  FieldTable fields{};
  Span<ElementType const> types{kElementTypes, 3};   ///< What its tensors may be; the type of a point is one of them.
  int32_t inputCount = 1;                            ///< The most that the op takes.
  Span<OutputRule const> outputs{kLikeTheInput, 1};  ///< The most that the op gives.
  bool elementwise = false;                          ///< Each output element depends on the input elements of the same index only.

  /// Words of the field `variant`, `auto` included; empty when there is no such field.
  Span<char const* const> variants() const noexcept;
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
/// thread. `inputs` has `inputCount(attributes)` views and `outputs` has `outputCount(attributes)`. What is pure virtual here is all
/// that an op must state; an elementwise op states less (elementwise/elementwise_op.hpp).
class Op {
 public:
  virtual OpInfo const& info() const noexcept = 0;

  /// Inputs with these attributes: an optional input is one that an attribute turns off. Never more than `info()` says.
  virtual int32_t inputCount(Attributes const&) const noexcept { return info().inputCount; }
  /// Outputs with these attributes, likewise.
  virtual int32_t outputCount(Attributes const&) const noexcept { return static_cast<int32_t>(info().outputs.size()); }

  /// Fills `inputs` for a point of a sweep, which has one shape and one type: all inputs have both, unless the op says otherwise (a
  /// weight as long as the last axis). @return why the op has no inputs for this shape, static text; null when it has.
  virtual char const* describeInputs(Attributes const& attributes, Shape const& shape, ElementType type, TensorView* inputs) const noexcept;

  /// The shape of an output for inputs of these ranks, without their extents, which TensorRT may not know yet. By default that of the
  /// input in the output rule.
  virtual OutputShape outputShape(Attributes const& attributes, int32_t output, int32_t const* inputRanks) const noexcept;

  /// Fills `outputs` (type and shape; data is left alone) from the inputs.
  void describeOutputs(Attributes const& attributes, TensorView const* inputs, TensorView* outputs) const noexcept;

  /// Whether tensor `position` (inputs first, then outputs) may have `types[position]`, given those before it. Of an elementwise op, whose
  /// tensors all have one type, only the first is asked.
  virtual bool takesType(Attributes const& attributes, ElementType const* types, int32_t position) const noexcept;

  /// Whether the op can run on these tensors with these attributes; the reason is static text, null when it can.
  /// Data pointers take part (alignment, overlap) only where they are not null.
  char const* refusal(Attributes const& attributes, TensorView const* inputs, TensorView const* outputs) const noexcept;

  /// Whether these attributes contradict one another whatever the tensors; the reason is static text, null when they do not.
  virtual char const* contradiction(Attributes const&) const noexcept { return nullptr; }

  /// What `launch` would do. Pure: touches no device. Null data pointers count as 16-byte aligned.
  virtual LaunchConfig describeLaunch(Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                                      TensorView const* outputs) const noexcept = 0;

  /// Enqueues the work on `context.stream` and returns at once. No allocation, no synchronisation, no other stream.
  /// @return cudaErrorInvalidValue for what `refusal` refuses, cudaErrorInvalidDeviceFunction where the kernels were not built,
  /// otherwise what the launch returned.
  virtual cudaError_t launch(Attributes const& attributes, LaunchContext const& context, TensorView const* inputs,
                             TensorView const* outputs) const noexcept;

  /// Device scratch memory that `launch` needs for tensors of at most these shapes.
  virtual size_t workspaceBytes(Attributes const&, TensorView const*, TensorView const*) const noexcept { return 0; }

  /// Bytes that one iteration must move at least: every input read once, every output written once. -1 when a shape is not valid.
  virtual int64_t bytesPerIteration(Attributes const& attributes, TensorView const* inputs, TensorView const* outputs) const noexcept;

  /// The result in double precision on the host, from inputs already rounded to their element type. `inputs[i]` and `outputs[i]`
  /// are dense arrays of doubles with the element counts of the shapes. For an elementwise op any slice may be computed alone.
  virtual void reference(Attributes const& attributes, Shape const* inputShapes, double const* const* inputs,
                         double* const* outputs) const = 0;

  /// How far a result may lie from `reference` rounded to `type`; NaN matches NaN and an infinity only itself.
  virtual Tolerance tolerance(Attributes const& attributes, ElementType type) const noexcept = 0;

  /// Whether an input element of zero gives an output element of zero: padding of vectorised formats must stay zero. Asked of
  /// elementwise ops only.
  virtual bool mapsZeroToZero(Attributes const&) const noexcept { return false; }

  /// What TensorRT's own layers offer for the same purpose; null when they offer nothing.
  virtual NativeOp const* native() const noexcept { return nullptr; }

  /// The function of PyTorch (of its aten library: `silu`) that computes the same with default attributes; null when there is none.
  virtual char const* torch() const noexcept { return nullptr; }

 protected:
  ~Op() = default;
};

/// Whether one result element passes: equal NaN-ness, equal infinities, otherwise within the tolerance of the reference rounded to
/// the type.
bool withinTolerance(double actual, double expected, ElementType type, Tolerance tolerance) noexcept;

}  // namespace profiler::plugins
