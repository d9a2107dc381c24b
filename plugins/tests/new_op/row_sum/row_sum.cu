/// @file
/// The kernels of row_sum: one sums a row through tiles in shared memory, one spreads the sums.
#include "row_sum.hpp"

namespace profiler::plugins::row_sum {

__global__ void row_sum_tile_kernel(float const* input, float const* weight, float* sums, int64_t length, int32_t tile) {
  extern __shared__ float values[];
  float sum = 0.0f;
  for (int64_t start = 0; start < length; start += tile) {
    for (int32_t index = threadIdx.x; index < tile; index += blockDim.x) {
      int64_t const column = start + index;
      bool const inside = column < length;
      values[index] = inside ? input[blockIdx.x * length + column] * (weight == nullptr ? 1.0f : weight[column]) : 0.0f;
    }
    __syncthreads();
    for (int32_t index = 0; threadIdx.x == 0 && index < tile; ++index) sum += values[index];
    __syncthreads();
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

__global__ void row_sum_spread_kernel(float const* sums, float* output, int64_t length) {
  for (int64_t column = threadIdx.x; column < length; column += blockDim.x) output[blockIdx.x * length + column] = sums[blockIdx.x];
}

namespace {

class RowSum final : public Facts {
 public:
  LaunchConfig describeLaunch(Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                              TensorView const* outputs) const noexcept override {
    LaunchConfig config = Facts::describeLaunch(attributes, device, inputs, outputs);
    config.function = reinterpret_cast<void const*>(&row_sum_tile_kernel);
    return config;
  }

  cudaError_t launch(Attributes const& attributes, LaunchContext const& context, TensorView const* inputs,
                     TensorView const* outputs) const noexcept override {
    LaunchConfig config = describeLaunch(attributes, context.device, inputs, outputs);
    if (!config.possible() || config.grid[0] == 0) return config.possible() ? cudaSuccess : cudaErrorInvalidValue;
    void const* weight = scaled(attributes) ? inputs[1].data : nullptr;
    void* sums = context.workspace;
    int64_t length = rowLength(inputs[0].shape);
    int32_t tile = attributes.integerAt(2);
    void* sumArguments[] = {const_cast<void**>(&inputs[0].data), &weight, &sums, &length, &tile};
    cudaError_t const error = config.enqueue(sumArguments, context.stream);
    if (error != cudaSuccess) return error;
    config.function = reinterpret_cast<void const*>(&row_sum_spread_kernel);
    config.dynamicSharedMemoryBytes = 0;
    void* spreadArguments[] = {&sums, const_cast<void**>(&outputs[0].data), &length};
    return config.enqueue(spreadArguments, context.stream);
  }
};

}  // namespace

Op const& op() noexcept {
  static RowSum const instance{};
  return instance;
}

}  // namespace profiler::plugins::row_sum
