/// @file
/// Any op as IPluginV2DynamicExt: TensorRT 8.6.
#pragma once

#include <NvInferRuntime.h>

#include <string>

#include "adapter_common.hpp"

namespace profiler::plugins::adapter {

/// One instance per layer and, through `clone`, one per execution context. The device properties are read by `initialize`.
class PluginV2 final : public nvinfer1::IPluginV2DynamicExt {
 public:
  PluginV2(Op const& op, Attributes const& attributes);

  char const* getPluginType() const noexcept override { return mOp.info().pluginName; }
  char const* getPluginVersion() const noexcept override { return mOp.info().version; }
  char const* getPluginNamespace() const noexcept override { return mNamespace.c_str(); }
  void setPluginNamespace(char const* pluginNamespace) noexcept override;
  nvinfer1::IPluginV2DynamicExt* clone() const noexcept override;
  void destroy() noexcept override { delete this; }

  int32_t getNbOutputs() const noexcept override { return mOp.outputCount(mAttributes); }
  nvinfer1::DataType getOutputDataType(int32_t index, nvinfer1::DataType const* inputTypes, int32_t inputCount) const noexcept override;
  nvinfer1::DimsExprs getOutputDimensions(int32_t index, nvinfer1::DimsExprs const* inputs, int32_t inputCount,
                                          nvinfer1::IExprBuilder& builder) noexcept override;
  bool supportsFormatCombination(int32_t position, nvinfer1::PluginTensorDesc const* tensors, int32_t inputCount,
                                 int32_t outputCount) noexcept override;
  void configurePlugin(nvinfer1::DynamicPluginTensorDesc const* inputs, int32_t inputCount,
                       nvinfer1::DynamicPluginTensorDesc const* outputs, int32_t outputCount) noexcept override;
  size_t getWorkspaceSize(nvinfer1::PluginTensorDesc const* inputs, int32_t inputCount, nvinfer1::PluginTensorDesc const* outputs,
                          int32_t outputCount) const noexcept override;

  int32_t initialize() noexcept override;
  void terminate() noexcept override {}
  int32_t enqueue(nvinfer1::PluginTensorDesc const* inputDescs, nvinfer1::PluginTensorDesc const* outputDescs, void const* const* inputs,
                  void* const* outputs, void* workspace, cudaStream_t stream) noexcept override;

  size_t getSerializationSize() const noexcept override { return mBytes.size(); }
  void serialize(void* buffer) const noexcept override;

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
  void setPluginNamespace(char const* pluginNamespace) noexcept override;
  nvinfer1::PluginFieldCollection const* getFieldNames() noexcept override { return mFieldNames.collection(); }
  nvinfer1::IPluginV2* createPlugin(char const* name, nvinfer1::PluginFieldCollection const* fields) noexcept override;
  nvinfer1::IPluginV2* deserializePlugin(char const* name, void const* data, size_t length) noexcept override;

 private:
  template <typename Read>
  nvinfer1::IPluginV2* make(Read const& read) noexcept;

  Op const& mOp;
  FieldNames mFieldNames;
  std::string mNamespace;
};

}  // namespace profiler::plugins::adapter
