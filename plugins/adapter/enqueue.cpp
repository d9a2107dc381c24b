/// @file
/// The hot path of both adapters. Allocates nothing, waits for nothing, and uses the given stream alone.
#include "adapter_common.hpp"

namespace profiler::plugins::adapter {

int32_t enqueueOp(Op const& op, Attributes const& attributes, DeviceInfo const& device, nvinfer1::PluginTensorDesc const* inputDescs,
                  nvinfer1::PluginTensorDesc const* outputDescs, void const* const* inputs, void* const* outputs, void* workspace,
                  cudaStream_t stream) noexcept {
  OpInfo const& info = op.info();
  TensorView inputViews[kMaxTensors];
  TensorView outputViews[kMaxTensors];
  bool const valid = toViews(inputDescs, inputs, op.inputCount(attributes), inputViews) &&
                     toViews(outputDescs, outputs, op.outputCount(attributes), outputViews);
  if (!valid) {
    logError(info.pluginName, "enqueue: a tensor has an unsupported type, format or shape");
    return 1;
  }
  LaunchContext const context{device, stream, workspace, op.workspaceBytes(attributes, inputViews, outputViews)};
  cudaError_t const error = op.launch(attributes, context, inputViews, outputViews);
  if (error == cudaSuccess) return 0;
  char const* const refusal = op.refusal(attributes, inputViews, outputViews);
  logError(info.pluginName, refusal != nullptr ? refusal : cudaErrorText(error));
  return 1;
}

}  // namespace profiler::plugins::adapter
