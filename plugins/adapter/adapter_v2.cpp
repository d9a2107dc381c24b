/// @file
/// The methods of PluginV2 and its creator.
#include "adapter_v2.hpp"

#include <algorithm>
#include <cstring>
#include <memory>

#include "../contract/attribute_bytes.hpp"
#include "plugin_log.hpp"

namespace profiler::plugins::adapter {

using nvinfer1::PluginTensorDesc;

namespace {

void keepNamespace(char const* plugin, char const* given, std::string& kept) noexcept {
  guarded(plugin, false, [&] {
    kept = given == nullptr ? "" : given;
    return true;
  });
}

}  // namespace

PluginV2::PluginV2(Op const& op, Attributes const& attributes)
    : mOp(op), mAttributes(attributes), mNamespace(kPluginNamespace), mBytes(attributesToBytes(op.info(), attributes)) {}

void PluginV2::setPluginNamespace(char const* pluginNamespace) noexcept { keepNamespace(getPluginType(), pluginNamespace, mNamespace); }

nvinfer1::IPluginV2DynamicExt* PluginV2::clone() const noexcept {
  return guarded<nvinfer1::IPluginV2DynamicExt*>(getPluginType(), nullptr, [this] {
    auto copy = std::make_unique<PluginV2>(mOp, mAttributes);
    copy->mDevice = mDevice;
    copy->mNamespace = mNamespace;
    return copy.release();
  });
}

nvinfer1::DataType PluginV2::getOutputDataType(int32_t index, nvinfer1::DataType const* inputTypes, int32_t inputCount) const noexcept {
  if (!takes(index, inputCount)) {
    logError(getPluginType(), "the layer has a wrong number of inputs or outputs");
    return nvinfer1::DataType::kFLOAT;  // the interface has no value for a failure; getOutputDimensions refuses the layer
  }
  return inputTypes[mOp.info().outputs[index].typeOfInput];
}

nvinfer1::DimsExprs PluginV2::getOutputDimensions(int32_t index, nvinfer1::DimsExprs const* inputs, int32_t inputCount,
                                                  nvinfer1::IExprBuilder&) noexcept {
  if (!takes(index, inputCount)) {
    logError(getPluginType(), "the layer has a wrong number of inputs or outputs");
    return nvinfer1::DimsExprs{-1, {}};
  }
  return inputs[mOp.info().outputs[index].shapeOfInput];
}

bool PluginV2::supportsFormatCombination(int32_t position, PluginTensorDesc const* tensors, int32_t inputCount,
                                         int32_t outputCount) noexcept {
  bool const counts = inputCount == mOp.inputCount(mAttributes) && outputCount == getNbOutputs();
  return counts && supportsTensors(mOp, mAttributes, position, inputCount + outputCount,
                                   [tensors](int32_t index) -> PluginTensorDesc const& { return tensors[index]; });
}

void PluginV2::configurePlugin(nvinfer1::DynamicPluginTensorDesc const*, int32_t, nvinfer1::DynamicPluginTensorDesc const*,
                               int32_t) noexcept {}

size_t PluginV2::getWorkspaceSize(PluginTensorDesc const* inputs, int32_t inputCount, PluginTensorDesc const* outputs,
                                  int32_t outputCount) const noexcept {
  TensorView inputViews[kMaxTensors];
  TensorView outputViews[kMaxTensors];
  for (int32_t index = 0; index < std::min(inputCount, kMaxTensors); ++index) toView(inputs[index], nullptr, inputViews[index]);
  for (int32_t index = 0; index < std::min(outputCount, kMaxTensors); ++index) toView(outputs[index], nullptr, outputViews[index]);
  return mOp.workspaceBytes(mAttributes, inputViews, outputViews);
}

int32_t PluginV2::initialize() noexcept {
  cudaError_t const error = DeviceInfo::current(mDevice);
  if (error != cudaSuccess) {
    logError(getPluginType(), cudaErrorText(error));
    return 1;
  }
  return 0;
}

int32_t PluginV2::enqueue(PluginTensorDesc const* inputDescs, PluginTensorDesc const* outputDescs, void const* const* inputs,
                          void* const* outputs, void* workspace, cudaStream_t stream) noexcept {
  return enqueueOp(mOp, mAttributes, mDevice, inputDescs, outputDescs, inputs, outputs, workspace, stream);
}

void PluginV2::serialize(void* buffer) const noexcept { std::memcpy(buffer, mBytes.data(), mBytes.size()); }

void CreatorV2::setPluginNamespace(char const* pluginNamespace) noexcept { keepNamespace(getPluginName(), pluginNamespace, mNamespace); }

nvinfer1::IPluginV2* CreatorV2::make(Attributes const& attributes) const {
  auto plugin = std::make_unique<PluginV2>(mOp, attributes);
  plugin->setPluginNamespace(mNamespace.c_str());
  return plugin.release();
}

nvinfer1::IPluginV2* CreatorV2::createPlugin(char const*, nvinfer1::PluginFieldCollection const* fields) noexcept {
  return guarded<nvinfer1::IPluginV2*>(getPluginName(), nullptr, [&]() -> nvinfer1::IPluginV2* {
    Attributes attributes(mOp.info().fields);
    Outcome const outcome = readFields(mOp, fields, false, attributes);
    if (!outcome) {
      logError(getPluginName(), outcome.reason);
      return nullptr;
    }
    return make(attributes);
  });
}

nvinfer1::IPluginV2* CreatorV2::deserializePlugin(char const*, void const* data, size_t length) noexcept {
  return guarded<nvinfer1::IPluginV2*>(getPluginName(), nullptr, [&]() -> nvinfer1::IPluginV2* {
    Attributes attributes(mOp.info().fields);
    Outcome outcome = attributesFromBytes(mOp.info(), data, length, attributes);
    if (outcome) outcome = checkAttributes(mOp, attributes);
    if (!outcome) {
      logError(getPluginName(), outcome.reason);
      return nullptr;
    }
    return make(attributes);
  });
}

}  // namespace profiler::plugins::adapter
