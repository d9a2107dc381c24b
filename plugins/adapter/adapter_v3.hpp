/// @file
/// Any op as IPluginV3 with its core, build and runtime capabilities: TensorRT 10, 11 and TensorRT for RTX.
#pragma once

#include <NvInferRuntime.h>

#include <algorithm>
#include <memory>
#include <string>

#include "adapter_common.hpp"

namespace profiler::plugins::adapter {

using nvinfer1::DynamicPluginTensorDesc;
using nvinfer1::PluginTensorDesc;

/// One instance per layer and, through `attachToContext`, one per execution context. Nothing changes after construction but the device
/// properties, which are read when a context takes the plugin.
class PluginV3 final : public nvinfer1::IPluginV3,
                       public nvinfer1::IPluginV3OneCore,
                       public nvinfer1::IPluginV3OneBuild,
                       public nvinfer1::IPluginV3OneRuntime {
 public:
  PluginV3(Op const& op, Attributes const& attributes)
      : mOp(op), mAttributes(attributes), mFields(attributes), mMetadata(attributes.text()) {
    mTimingCacheId = std::string(op.info().pluginName) + " " + op.info().version + " " + mMetadata;
  }

  nvinfer1::IPluginCapability* getCapabilityInterface(nvinfer1::PluginCapabilityType type) noexcept override {
    switch (type) {
      case nvinfer1::PluginCapabilityType::kCORE: return static_cast<nvinfer1::IPluginV3OneCore*>(this);
      case nvinfer1::PluginCapabilityType::kBUILD: return static_cast<nvinfer1::IPluginV3OneBuild*>(this);
      case nvinfer1::PluginCapabilityType::kRUNTIME: return static_cast<nvinfer1::IPluginV3OneRuntime*>(this);
    }
    return nullptr;
  }
  nvinfer1::IPluginV3* clone() noexcept override {
    return guarded<nvinfer1::IPluginV3*>(getPluginName(), nullptr, [this]() -> nvinfer1::IPluginV3* {
      auto copy = std::make_unique<PluginV3>(mOp, mAttributes);
      copy->mDevice = mDevice;
      return copy.release();
    });
  }

  char const* getPluginName() const noexcept override { return mOp.info().pluginName; }
  char const* getPluginVersion() const noexcept override { return mOp.info().version; }
  char const* getPluginNamespace() const noexcept override { return kPluginNamespace; }

  int32_t getNbOutputs() const noexcept override { return mOp.outputCount(mAttributes); }
  int32_t getOutputDataTypes(nvinfer1::DataType* outputTypes, int32_t outputCount, nvinfer1::DataType const* inputTypes,
                             int32_t inputCount) const noexcept override {
    if (!takes(inputCount, outputCount)) return 1;
    for (int32_t index = 0; index < outputCount; ++index) outputTypes[index] = inputTypes[mOp.info().outputs[index].typeOfInput];
    return 0;
  }
  int32_t getOutputShapes(nvinfer1::DimsExprs const* inputs, int32_t inputCount, nvinfer1::DimsExprs const*, int32_t,
                          nvinfer1::DimsExprs* outputs, int32_t outputCount, nvinfer1::IExprBuilder& builder) noexcept override {
    if (!takes(inputCount, outputCount)) return 1;
    for (int32_t index = 0; index < outputCount; ++index) outputs[index] = outputDims(mOp, mAttributes, index, inputs, builder);
    return 0;
  }
  bool supportsFormatCombination(int32_t position, DynamicPluginTensorDesc const* tensors, int32_t inputCount,
                                 int32_t outputCount) noexcept override {
    return takes(inputCount, outputCount) &&
           supportsTensors(mOp, mAttributes, position, inputCount + outputCount,
                           [tensors](int32_t index) -> PluginTensorDesc const& { return tensors[index].desc; });
  }
  int32_t configurePlugin(DynamicPluginTensorDesc const*, int32_t inputCount, DynamicPluginTensorDesc const*,
                          int32_t outputCount) noexcept override {
    return takes(inputCount, outputCount) ? 0 : 1;
  }
  size_t getWorkspaceSize(DynamicPluginTensorDesc const* inputs, int32_t inputCount, DynamicPluginTensorDesc const* outputs,
                          int32_t outputCount) const noexcept override {
    TensorView inputViews[kMaxTensors];
    TensorView outputViews[kMaxTensors];
    auto const fill = [](DynamicPluginTensorDesc const* tensors, int32_t count, TensorView* views) {
      for (int32_t index = 0; index < std::min(count, kMaxTensors); ++index) {
        PluginTensorDesc largest = tensors[index].desc;
        largest.dims = tensors[index].max;
        toView(largest, nullptr, views[index]);
      }
    };
    fill(inputs, inputCount, inputViews);
    fill(outputs, outputCount, outputViews);
    return mOp.workspaceBytes(mAttributes, inputViews, outputViews);
  }
  char const* getTimingCacheID() noexcept override { return mTimingCacheId.c_str(); }
  char const* getMetadataString() noexcept override { return mMetadata.c_str(); }

  int32_t onShapeChange(PluginTensorDesc const* inputs, int32_t inputCount, PluginTensorDesc const* outputs,
                        int32_t outputCount) noexcept override {
    if (!takes(inputCount, outputCount)) return 1;
    auto const descAt = [=](int32_t index) -> PluginTensorDesc const& {
      return index < inputCount ? inputs[index] : outputs[index - inputCount];
    };
    for (int32_t index = 0; index < inputCount + outputCount; ++index) {
      if (!supportsTensors(mOp, mAttributes, index, inputCount + outputCount, descAt)) {
        logError(getPluginName(), "a tensor has an unsupported type or format");
        return 1;
      }
    }
    return 0;
  }
  int32_t enqueue(PluginTensorDesc const* inputDescs, PluginTensorDesc const* outputDescs, void const* const* inputs, void* const* outputs,
                  void* workspace, cudaStream_t stream) noexcept override {
    return enqueueOp(mOp, mAttributes, mDevice, inputDescs, outputDescs, inputs, outputs, workspace, stream);
  }
  nvinfer1::IPluginV3* attachToContext(nvinfer1::IPluginResourceContext*) noexcept override {
    return guarded<nvinfer1::IPluginV3*>(getPluginName(), nullptr, [this]() -> nvinfer1::IPluginV3* {
      auto attached = std::make_unique<PluginV3>(mOp, mAttributes);
      cudaError_t const error = DeviceInfo::current(attached->mDevice);
      if (error != cudaSuccess) {
        logError(getPluginName(), cudaErrorText(error));
        return nullptr;
      }
      return attached.release();
    });
  }
  nvinfer1::PluginFieldCollection const* getFieldsToSerialize() noexcept override { return mFields.collection(); }

 private:
  bool takes(int32_t inputCount, int32_t outputCount) const noexcept { return hasTensors(mOp, mAttributes, inputCount, outputCount); }

  Op const& mOp;
  Attributes mAttributes;
  DeviceInfo mDevice;
  PluginFields mFields;
  std::string mMetadata;
  std::string mTimingCacheId;
};

/// Makes plugins of one op from fields, in the build phase with defaults for what is left out, in the runtime phase from a complete set.
class CreatorV3 final : public nvinfer1::IPluginCreatorV3One {
 public:
  explicit CreatorV3(Op const& op) noexcept : mOp(op), mFieldNames(op.info().fields) {}

  nvinfer1::IPluginV3* createPlugin(char const*, nvinfer1::PluginFieldCollection const* fields,
                                    nvinfer1::TensorRTPhase phase) noexcept override {
    bool const complete = phase == nvinfer1::TensorRTPhase::kRUNTIME;
    return makePlugin<PluginV3>(mOp, [&](Attributes& attributes) { return readFields(mOp, fields, complete, attributes); });
  }
  nvinfer1::PluginFieldCollection const* getFieldNames() noexcept override { return mFieldNames.collection(); }
  char const* getPluginName() const noexcept override { return mOp.info().pluginName; }
  char const* getPluginVersion() const noexcept override { return mOp.info().version; }
  char const* getPluginNamespace() const noexcept override { return kPluginNamespace; }

 private:
  Op const& mOp;
  PluginFields mFieldNames;
};

}  // namespace profiler::plugins::adapter
