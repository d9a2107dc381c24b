/// @file
/// Any op as IPluginV3 with its core, build and runtime capabilities: TensorRT 10, 11 and TensorRT for RTX.
#pragma once

#include <NvInferRuntime.h>

#include <string>

#include "adapter_common.hpp"

namespace profiler::plugins::adapter {

/// One instance per layer and, through `attachToContext`, one per execution context. Nothing changes after construction but the device
/// properties, which are read when a context takes the plugin.
class PluginV3 final : public nvinfer1::IPluginV3,
                       public nvinfer1::IPluginV3OneCore,
                       public nvinfer1::IPluginV3OneBuild,
                       public nvinfer1::IPluginV3OneRuntime {
 public:
  PluginV3(Op const& op, Attributes const& attributes);

  nvinfer1::IPluginCapability* getCapabilityInterface(nvinfer1::PluginCapabilityType type) noexcept override;
  nvinfer1::IPluginV3* clone() noexcept override;

  char const* getPluginName() const noexcept override { return mOp.info().pluginName; }
  char const* getPluginVersion() const noexcept override { return mOp.info().version; }
  char const* getPluginNamespace() const noexcept override { return kPluginNamespace; }

  int32_t getNbOutputs() const noexcept override { return mOp.outputCount(mAttributes); }
  int32_t getOutputDataTypes(nvinfer1::DataType* outputTypes, int32_t outputCount, nvinfer1::DataType const* inputTypes,
                             int32_t inputCount) const noexcept override;
  int32_t getOutputShapes(nvinfer1::DimsExprs const* inputs, int32_t inputCount, nvinfer1::DimsExprs const* shapeInputs,
                          int32_t shapeInputCount, nvinfer1::DimsExprs* outputs, int32_t outputCount,
                          nvinfer1::IExprBuilder& builder) noexcept override;
  bool supportsFormatCombination(int32_t position, nvinfer1::DynamicPluginTensorDesc const* tensors, int32_t inputCount,
                                 int32_t outputCount) noexcept override;
  int32_t configurePlugin(nvinfer1::DynamicPluginTensorDesc const* inputs, int32_t inputCount,
                          nvinfer1::DynamicPluginTensorDesc const* outputs, int32_t outputCount) noexcept override;
  size_t getWorkspaceSize(nvinfer1::DynamicPluginTensorDesc const* inputs, int32_t inputCount,
                          nvinfer1::DynamicPluginTensorDesc const* outputs, int32_t outputCount) const noexcept override;
  char const* getTimingCacheID() noexcept override { return mTimingCacheId.c_str(); }
  char const* getMetadataString() noexcept override { return mMetadata.c_str(); }

  int32_t onShapeChange(nvinfer1::PluginTensorDesc const* inputs, int32_t inputCount, nvinfer1::PluginTensorDesc const* outputs,
                        int32_t outputCount) noexcept override;
  int32_t enqueue(nvinfer1::PluginTensorDesc const* inputDescs, nvinfer1::PluginTensorDesc const* outputDescs, void const* const* inputs,
                  void* const* outputs, void* workspace, cudaStream_t stream) noexcept override;
  nvinfer1::IPluginV3* attachToContext(nvinfer1::IPluginResourceContext* context) noexcept override;
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

  nvinfer1::IPluginV3* createPlugin(char const* name, nvinfer1::PluginFieldCollection const* fields,
                                    nvinfer1::TensorRTPhase phase) noexcept override;
  nvinfer1::PluginFieldCollection const* getFieldNames() noexcept override { return mFieldNames.collection(); }
  char const* getPluginName() const noexcept override { return mOp.info().pluginName; }
  char const* getPluginVersion() const noexcept override { return mOp.info().version; }
  char const* getPluginNamespace() const noexcept override { return kPluginNamespace; }

 private:
  Op const& mOp;
  FieldNames mFieldNames;
};

}  // namespace profiler::plugins::adapter
