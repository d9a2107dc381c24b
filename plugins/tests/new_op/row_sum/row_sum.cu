/// @file
/// The kernels of row_sum: one sums a chunk of a row through tiles in shared memory, one writes the sums out.
#include "row_sum.hpp"

namespace profiler::plugins::row_sum {

__global__ void row_sum_tile_kernel(float const* input, float const* weight, float* sums, int64_t length, int64_t chunk, int32_t tile) {
  extern __shared__ float values[];
  int64_t const chunks = (length + chunk - 1) / chunk;
  int64_t const row = blockIdx.x / chunks;
  int64_t const first = blockIdx.x % chunks * chunk;
  int64_t const end = first + chunk < length ? first + chunk : length;
  float sum = 0.0f;
  for (int64_t start = first; start < end; start += tile) {
    for (int32_t index = threadIdx.x; index < tile; index += blockDim.x) {
      int64_t const column = start + index;
      bool const inside = column < end;
      values[index] = inside ? input[row * length + column] * (weight == nullptr ? 1.0f : weight[column]) : 0.0f;
    }
    __syncthreads();
    for (int32_t index = 0; threadIdx.x == 0 && index < tile; ++index) sum += values[index];
    __syncthreads();
  }
  if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

__global__ void row_sum_write_kernel(float const* sums, float* output) {
  if (threadIdx.x == 0) output[blockIdx.x] = sums[blockIdx.x];
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
    int64_t chunk = chunkLength(attributes);
    int32_t tile = attributes.integerAt(3);
    void* sumArguments[] = {const_cast<void**>(&inputs[0].data), &weight, &sums, &length, &chunk, &tile};
    cudaError_t const error = config.enqueue(sumArguments, context.stream);
    if (error != cudaSuccess) return error;
    config.function = reinterpret_cast<void const*>(&row_sum_write_kernel);
    config.dynamicSharedMemoryBytes = 0;
    void* writeArguments[] = {&sums, const_cast<void**>(&outputs[0].data)};
    return config.enqueue(writeArguments, context.stream);
  }
};

}  // namespace

Op const& op() noexcept {
  static RowSum const instance{};
  return instance;
}

}  // namespace profiler::plugins::row_sum
