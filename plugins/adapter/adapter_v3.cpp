/// @file
/// The methods of PluginV3 and its creator.
#include "adapter_v3.hpp"

#include <algorithm>
#include <memory>

namespace profiler::plugins::adapter {

using nvinfer1::DynamicPluginTensorDesc;
using nvinfer1::PluginTensorDesc;

PluginV3::PluginV3(Op const& op, Attributes const& attributes)
    : mOp(op), mAttributes(attributes), mFields(attributes), mMetadata(attributes.text()) {
  mTimingCacheId = std::string(op.info().pluginName) + " " + op.info().version + " " + mMetadata;
}

nvinfer1::IPluginCapability* PluginV3::getCapabilityInterface(nvinfer1::PluginCapabilityType type) noexcept {
  switch (type) {
    case nvinfer1::PluginCapabilityType::kCORE: return static_cast<nvinfer1::IPluginV3OneCore*>(this);
    case nvinfer1::PluginCapabilityType::kBUILD: return static_cast<nvinfer1::IPluginV3OneBuild*>(this);
    case nvinfer1::PluginCapabilityType::kRUNTIME: return static_cast<nvinfer1::IPluginV3OneRuntime*>(this);
  }
  return nullptr;
}

nvinfer1::IPluginV3* PluginV3::clone() noexcept {
  return guarded<nvinfer1::IPluginV3*>(getPluginName(), nullptr, [this]() -> nvinfer1::IPluginV3* {
    auto copy = std::make_unique<PluginV3>(mOp, mAttributes);
    copy->mDevice = mDevice;
    return copy.release();
  });
}

int32_t PluginV3::getOutputDataTypes(nvinfer1::DataType* outputTypes, int32_t outputCount, nvinfer1::DataType const* inputTypes,
                                     int32_t inputCount) const noexcept {
  if (!takes(inputCount, outputCount)) return 1;
  for (int32_t index = 0; index < outputCount; ++index) outputTypes[index] = inputTypes[mOp.info().outputs[index].typeOfInput];
  return 0;
}

int32_t PluginV3::getOutputShapes(nvinfer1::DimsExprs const* inputs, int32_t inputCount, nvinfer1::DimsExprs const*, int32_t,
                                  nvinfer1::DimsExprs* outputs, int32_t outputCount, nvinfer1::IExprBuilder& builder) noexcept {
  if (!takes(inputCount, outputCount)) return 1;
  for (int32_t index = 0; index < outputCount; ++index) outputs[index] = outputDims(mOp, mAttributes, index, inputs, builder);
  return 0;
}

bool PluginV3::supportsFormatCombination(int32_t position, DynamicPluginTensorDesc const* tensors, int32_t inputCount,
                                         int32_t outputCount) noexcept {
  return takes(inputCount, outputCount) &&
         supportsTensors(mOp, mAttributes, position, inputCount + outputCount,
                         [tensors](int32_t index) -> PluginTensorDesc const& { return tensors[index].desc; });
}

int32_t PluginV3::configurePlugin(DynamicPluginTensorDesc const*, int32_t inputCount, DynamicPluginTensorDesc const*,
                                  int32_t outputCount) noexcept {
  return takes(inputCount, outputCount) ? 0 : 1;
}

size_t PluginV3::getWorkspaceSize(DynamicPluginTensorDesc const* inputs, int32_t inputCount, DynamicPluginTensorDesc const* outputs,
                                  int32_t outputCount) const noexcept {
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

int32_t PluginV3::onShapeChange(PluginTensorDesc const* inputs, int32_t inputCount, PluginTensorDesc const* outputs,
                                int32_t outputCount) noexcept {
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

int32_t PluginV3::enqueue(PluginTensorDesc const* inputDescs, PluginTensorDesc const* outputDescs, void const* const* inputs,
                          void* const* outputs, void* workspace, cudaStream_t stream) noexcept {
  return enqueueOp(mOp, mAttributes, mDevice, inputDescs, outputDescs, inputs, outputs, workspace, stream);
}

nvinfer1::IPluginV3* PluginV3::attachToContext(nvinfer1::IPluginResourceContext*) noexcept {
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

nvinfer1::IPluginV3* CreatorV3::createPlugin(char const*, nvinfer1::PluginFieldCollection const* fields,
                                             nvinfer1::TensorRTPhase phase) noexcept {
  bool const complete = phase == nvinfer1::TensorRTPhase::kRUNTIME;
  return makePlugin<PluginV3>(mOp, [&](Attributes& attributes) { return readFields(mOp, fields, complete, attributes); });
}

}  // namespace profiler::plugins::adapter
