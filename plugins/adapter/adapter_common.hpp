/// @file
/// What both adapters share: conversion of TensorRT's types, shapes and formats to the contract's, and of attributes to plugin fields.
#pragma once

#include <NvInferRuntime.h>

#include <memory>

#include "../contract/contract.hpp"
#include "element_types.hpp"
#include "plugin_log.hpp"

namespace profiler::plugins::adapter {

/// A dense view of a tensor's memory. The channel dimension of a vectorised format is rounded up to whole vectors, so that the view
/// covers the padding; the order of elements inside does not matter to an elementwise op, the only kind that gets such formats.
/// False when type, rank or a dimension cannot be represented.
bool toView(nvinfer1::PluginTensorDesc const& desc, void const* data, TensorView& view) noexcept;

/// Views of `count` tensors, `kMaxTensors` at most. False when one cannot be represented.
/// @param data  the tensors' memory; null where there is none yet.
bool toViews(nvinfer1::PluginTensorDesc const* descs, void const* const* data, int32_t count, TensorView* views) noexcept;

/// Whether a layer has as many inputs and outputs as the op with these attributes; logs where it has not.
bool hasTensors(Op const& op, Attributes const& attributes, int32_t inputCount, int32_t outputCount) noexcept;

/// The shape of an output as expressions of the inputs' extents.
nvinfer1::DimsExprs outputDims(Op const& op, Attributes const& attributes, int32_t output, nvinfer1::DimsExprs const* inputs,
                               nvinfer1::IExprBuilder& builder) noexcept;

/// Whether an elementwise op may compute on a tensor of this type, format and shape (-1 for dimensions not known yet). Formats that pad
/// are taken only where padding stays zero or no padding can arise.
bool supportsElementwise(Op const& op, Attributes const& attributes, nvinfer1::PluginTensorDesc const& desc) noexcept;

/// Whether tensor `position` of `count` (inputs first, then outputs) may be what `descAt(position)` says, given those before it. All
/// tensors of an elementwise op have one type and format; those of another op are linear, and the op says which types go together.
template <typename DescAt>
bool supportsTensors(Op const& op, Attributes const& attributes, int32_t position, int32_t count, DescAt const& descAt) noexcept {
  if (position < 0 || position >= count || count > 2 * kMaxTensors) return false;
  nvinfer1::PluginTensorDesc const& desc = descAt(position);
  if (op.info().elementwise) {
    return supportsElementwise(op, attributes, desc) && desc.type == descAt(0).type && desc.format == descAt(0).format;
  }
  ElementType types[2 * kMaxTensors];
  bool known = desc.dims.nbDims <= kMaxRank && desc.format == nvinfer1::TensorFormat::kLINEAR;
  for (int32_t index = 0; index <= position; ++index) {
    auto const type = elementTypeOf(descAt(index).type);
    known = known && type;
    types[index] = type.value_or(ElementType::kFloat32);
  }
  return known && op.takesType(attributes, types, position);
}

/// Attributes as plugin fields: numbers typed, choices as text. The collection points into this object.
class PluginFields {
 public:
  /// Names and types without values, as a creator shows them.
  explicit PluginFields(FieldTable fields) noexcept;
  explicit PluginFields(Attributes const& attributes) noexcept;
  PluginFields(PluginFields const&) = delete;
  PluginFields& operator=(PluginFields const&) = delete;

  nvinfer1::PluginFieldCollection const* collection() const noexcept { return &mCollection; }

 private:
  nvinfer1::PluginField mFields[kMaxFields];
  int32_t mIntegers[kMaxFields] = {};
  float mReals[kMaxFields] = {};
  nvinfer1::PluginFieldCollection mCollection{};
};

/// Reads fields into `attributes`, which stays as it was on failure. Refused with the reason: unknown, doubled or nameless fields, null
/// data, a wrong type or length, values outside the domain, contradictory attributes; with `complete` also a field left out.
Outcome readFields(Op const& op, nvinfer1::PluginFieldCollection const* collection, bool complete, Attributes& attributes);

/// Makes a plugin with the attributes that `read` fills in; null where it refuses them, and the reason goes to the log.
template <typename Plugin, typename Read>
Plugin* makePlugin(Op const& op, Read const& read) noexcept {
  return guarded<Plugin*>(op.info().pluginName, nullptr, [&]() -> Plugin* {
    Attributes attributes(op.info().fields);
    Outcome const outcome = read(attributes);
    if (outcome) return std::make_unique<Plugin>(op, attributes).release();
    logError(op.info().pluginName, outcome.reason);
    return nullptr;
  });
}

/// The reason why no tensor at all could be computed with these attributes, as for contradictory ones; success otherwise.
Outcome checkAttributes(Op const& op, Attributes const& attributes);

/// Everything `enqueue` does: converts the descriptors and launches on `stream`. Logs and returns 1 on failure, 0 on success.
int32_t enqueueOp(Op const& op, Attributes const& attributes, DeviceInfo const& device, nvinfer1::PluginTensorDesc const* inputDescs,
                  nvinfer1::PluginTensorDesc const* outputDescs, void const* const* inputs, void* const* outputs, void* workspace,
                  cudaStream_t stream) noexcept;

}  // namespace profiler::plugins::adapter
