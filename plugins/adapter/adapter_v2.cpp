/// @file
/// The methods of PluginV2 and its creator.
#include "adapter_v2.hpp"

#include <cstring>
#include <memory>

#include "../contract/attribute_bytes.hpp"

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
  // the interface has no value for a failure; getOutputDimensions refuses the layer
  if (!takes(index, inputCount)) return nvinfer1::DataType::kFLOAT;
  return inputTypes[mOp.info().outputs[index].typeOfInput];
}

nvinfer1::DimsExprs PluginV2::getOutputDimensions(int32_t index, nvinfer1::DimsExprs const* inputs, int32_t inputCount,
                                                  nvinfer1::IExprBuilder& builder) noexcept {
  return takes(index, inputCount) ? outputDims(mOp, mAttributes, index, inputs, builder) : nvinfer1::DimsExprs{-1, {}};
}

bool PluginV2::supportsFormatCombination(int32_t position, PluginTensorDesc const* tensors, int32_t inputCount,
                                         int32_t outputCount) noexcept {
  return hasTensors(mOp, mAttributes, inputCount, outputCount) &&
         supportsTensors(mOp, mAttributes, position, inputCount + outputCount,
                         [tensors](int32_t index) -> PluginTensorDesc const& { return tensors[index]; });
}

void PluginV2::configurePlugin(nvinfer1::DynamicPluginTensorDesc const*, int32_t, nvinfer1::DynamicPluginTensorDesc const*,
                               int32_t) noexcept {}

size_t PluginV2::getWorkspaceSize(PluginTensorDesc const* inputs, int32_t inputCount, PluginTensorDesc const* outputs,
                                  int32_t outputCount) const noexcept {
  TensorView inputViews[kMaxTensors];
  TensorView outputViews[kMaxTensors];
  toViews(inputs, nullptr, inputCount, inputViews);
  toViews(outputs, nullptr, outputCount, outputViews);
  return mOp.workspaceBytes(mAttributes, inputViews, outputViews);
}

int32_t PluginV2::initialize() noexcept {
  cudaError_t const error = DeviceInfo::current(mDevice);
  if (error != cudaSuccess) logError(getPluginType(), cudaErrorText(error));
  return error == cudaSuccess ? 0 : 1;
}

int32_t PluginV2::enqueue(PluginTensorDesc const* inputDescs, PluginTensorDesc const* outputDescs, void const* const* inputs,
                          void* const* outputs, void* workspace, cudaStream_t stream) noexcept {
  return enqueueOp(mOp, mAttributes, mDevice, inputDescs, outputDescs, inputs, outputs, workspace, stream);
}

void PluginV2::serialize(void* buffer) const noexcept { std::memcpy(buffer, mBytes.data(), mBytes.size()); }

void CreatorV2::setPluginNamespace(char const* pluginNamespace) noexcept { keepNamespace(getPluginName(), pluginNamespace, mNamespace); }

template <typename Read>
nvinfer1::IPluginV2* CreatorV2::make(Read const& read) noexcept {
  auto* const plugin = makePlugin<PluginV2>(mOp, read);
  if (plugin != nullptr) plugin->setPluginNamespace(mNamespace.c_str());
  return plugin;
}

nvinfer1::IPluginV2* CreatorV2::createPlugin(char const*, nvinfer1::PluginFieldCollection const* fields) noexcept {
  return make([&](Attributes& attributes) { return readFields(mOp, fields, false, attributes); });
}

nvinfer1::IPluginV2* CreatorV2::deserializePlugin(char const*, void const* data, size_t length) noexcept {
  return make([&](Attributes& attributes) {
    Outcome const outcome = attributesFromBytes(mOp.info(), data, length, attributes);
    return outcome ? checkAttributes(mOp, attributes) : outcome;
  });
}

}  // namespace profiler::plugins::adapter
