/// @file
/// Any op as IPluginV2DynamicExt: TensorRT 8.6.
#pragma once

#include <NvInferRuntime.h>

#include <cstring>
#include <memory>
#include <string>

#include "../contract/attribute_bytes.hpp"
#include "adapter_common.hpp"

namespace profiler::plugins::adapter {

using nvinfer1::PluginTensorDesc;

void keepNamespace(char const* plugin, char const* given, std::string& kept) noexcept {
  guarded(plugin, false, [&] {
    kept = given == nullptr ? "" : given;
    return true;
  });
}

/// One instance per layer and, through `clone`, one per execution context. The device properties are read by `initialize`.
class PluginV2 final : public nvinfer1::IPluginV2DynamicExt {
 public:
  PluginV2(Op const& op, Attributes const& attributes)
      : mOp(op), mAttributes(attributes), mNamespace(kPluginNamespace), mBytes(attributesToBytes(op.info(), attributes)) {}

  char const* getPluginType() const noexcept override { return mOp.info().pluginName; }
  char const* getPluginVersion() const noexcept override { return mOp.info().version; }
  char const* getPluginNamespace() const noexcept override { return mNamespace.c_str(); }
  void setPluginNamespace(char const* pluginNamespace) noexcept override { keepNamespace(getPluginType(), pluginNamespace, mNamespace); }
  nvinfer1::IPluginV2DynamicExt* clone() const noexcept override {
    return guarded<nvinfer1::IPluginV2DynamicExt*>(getPluginType(), nullptr, [this] {
      auto copy = std::make_unique<PluginV2>(mOp, mAttributes);
      copy->mDevice = mDevice;
      copy->mNamespace = mNamespace;
      return copy.release();
    });
  }
  void destroy() noexcept override { delete this; }

  int32_t getNbOutputs() const noexcept override { return mOp.outputCount(mAttributes); }
  nvinfer1::DataType getOutputDataType(int32_t index, nvinfer1::DataType const* inputTypes, int32_t inputCount) const noexcept override {
    // the interface has no value for a failure; getOutputDimensions refuses the layer
    if (!takes(index, inputCount)) return nvinfer1::DataType::kFLOAT;
    return inputTypes[mOp.info().outputs[index].typeOfInput];
  }
  nvinfer1::DimsExprs getOutputDimensions(int32_t index, nvinfer1::DimsExprs const* inputs, int32_t inputCount,
                                          nvinfer1::IExprBuilder& builder) noexcept override {
    return takes(index, inputCount) ? outputDims(mOp, mAttributes, index, inputs, builder) : nvinfer1::DimsExprs{-1, {}};
  }
  bool supportsFormatCombination(int32_t position, PluginTensorDesc const* tensors, int32_t inputCount,
                                 int32_t outputCount) noexcept override {
    return hasTensors(mOp, mAttributes, inputCount, outputCount) &&
           supportsTensors(mOp, mAttributes, position, inputCount + outputCount,
                           [tensors](int32_t index) -> PluginTensorDesc const& { return tensors[index]; });
  }
  void configurePlugin(nvinfer1::DynamicPluginTensorDesc const*, int32_t, nvinfer1::DynamicPluginTensorDesc const*,
                       int32_t) noexcept override {}
  size_t getWorkspaceSize(PluginTensorDesc const* inputs, int32_t inputCount, PluginTensorDesc const* outputs,
                          int32_t outputCount) const noexcept override {
    TensorView inputViews[kMaxTensors];
    TensorView outputViews[kMaxTensors];
    toViews(inputs, nullptr, inputCount, inputViews);
    toViews(outputs, nullptr, outputCount, outputViews);
    return mOp.workspaceBytes(mAttributes, inputViews, outputViews);
  }

  int32_t initialize() noexcept override {
    cudaError_t const error = DeviceInfo::current(mDevice);
    if (error != cudaSuccess) logError(getPluginType(), cudaErrorText(error));
    return error == cudaSuccess ? 0 : 1;
  }
  void terminate() noexcept override {}
  int32_t enqueue(PluginTensorDesc const* inputDescs, PluginTensorDesc const* outputDescs, void const* const* inputs, void* const* outputs,
                  void* workspace, cudaStream_t stream) noexcept override {
    return enqueueOp(mOp, mAttributes, mDevice, inputDescs, outputDescs, inputs, outputs, workspace, stream);
  }

  size_t getSerializationSize() const noexcept override { return mBytes.size(); }
  void serialize(void* buffer) const noexcept override { std::memcpy(buffer, mBytes.data(), mBytes.size()); }

 private:
  bool takes(int32_t outputIndex, int32_t inputCount) const noexcept {
    return hasTensors(mOp, mAttributes, inputCount, getNbOutputs()) && outputIndex >= 0 && outputIndex < getNbOutputs();
  }

  Op const& mOp;
  Attributes mAttributes;
  DeviceInfo mDevice;
  std::string mNamespace;
  std::string mBytes;
};

/// Makes plugins of one op from fields (defaults for what is left out) or from serialised bytes.
class CreatorV2 final : public nvinfer1::IPluginCreator {
 public:
  explicit CreatorV2(Op const& op) : mOp(op), mFieldNames(op.info().fields), mNamespace(kPluginNamespace) {}

  char const* getPluginName() const noexcept override { return mOp.info().pluginName; }
  char const* getPluginVersion() const noexcept override { return mOp.info().version; }
  char const* getPluginNamespace() const noexcept override { return mNamespace.c_str(); }
  void setPluginNamespace(char const* pluginNamespace) noexcept override { keepNamespace(getPluginName(), pluginNamespace, mNamespace); }
  nvinfer1::PluginFieldCollection const* getFieldNames() noexcept override { return mFieldNames.collection(); }
  nvinfer1::IPluginV2* createPlugin(char const*, nvinfer1::PluginFieldCollection const* fields) noexcept override {
    return make([&](Attributes& attributes) { return readFields(mOp, fields, false, attributes); });
  }
  nvinfer1::IPluginV2* deserializePlugin(char const*, void const* data, size_t length) noexcept override {
    return make([&](Attributes& attributes) {
      Outcome const outcome = attributesFromBytes(mOp.info(), data, length, attributes);
      return outcome ? checkAttributes(mOp, attributes) : outcome;
    });
  }

 private:
  template <typename Read>
  nvinfer1::IPluginV2* make(Read const& read) noexcept {
    auto* const plugin = makePlugin<PluginV2>(mOp, read);
    if (plugin != nullptr) plugin->setPluginNamespace(mNamespace.c_str());
    return plugin;
  }

  Op const& mOp;
  PluginFields mFieldNames;
  std::string mNamespace;
};

}  // namespace profiler::plugins::adapter
