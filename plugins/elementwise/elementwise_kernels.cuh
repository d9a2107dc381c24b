/// @file
/// The device half of an elementwise op: three kernels under the op's own name, and the choice among their instances by variant, type,
/// items and cache policy.
#pragma once

#include "elementwise_op.hpp"
#include "kernel_bodies.cuh"

namespace profiler::plugins::elementwise {

template <typename Functor>
using Kernel = void (*)(Extent, Functor);

template <typename Kernels, typename T, int32_t kItems>
constexpr auto chooseCache(LaunchPlan const& plan) noexcept {
  switch (plan.request.cache) {
    case CachePolicy::kStreaming: return Kernels::template choose<T, kItems, CachePolicy::kStreaming>(plan.request.variant);
    case CachePolicy::kNoAllocate: return Kernels::template choose<T, kItems, CachePolicy::kNoAllocate>(plan.request.variant);
    default: return Kernels::template choose<T, kItems, CachePolicy::kDefault>(plan.request.variant);
  }
}

template <typename Kernels, typename T>
constexpr auto chooseItems(LaunchPlan const& plan) noexcept {
  switch (plan.request.items) {
    case 8: return chooseCache<Kernels, T, 8>(plan);
    case 4: return chooseCache<Kernels, T, 4>(plan);
    case 2: return chooseCache<Kernels, T, 2>(plan);
    default: return chooseCache<Kernels, T, 1>(plan);
  }
}

template <typename Kernels>
constexpr auto chooseKernel(LaunchPlan const& plan, ElementType type) noexcept {
  switch (type) {
    case ElementType::kFloat16: return chooseItems<Kernels, __half>(plan);
    case ElementType::kBFloat16: return chooseItems<Kernels, __nv_bfloat16>(plan);
    default: return chooseItems<Kernels, float>(plan);
  }
}

/// An op that can launch: `Facts` with the kernels of `Kernels` (made by PROFILER_ELEMENTWISE_OP).
template <typename Facts, typename Kernels>
class DeviceOp final : public Facts {
 public:
  LaunchConfig describeLaunch(Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                              TensorView const* outputs) const noexcept override {
    return planWithKernel(attributes, device, inputs, outputs).config;
  }

  cudaError_t launch(Attributes const& attributes, LaunchContext const& context, TensorView const* inputs,
                     TensorView const* outputs) const noexcept override {
    LaunchPlan plan = planWithKernel(attributes, context.device, inputs, outputs);
    if (!plan.config.possible() || plan.config.grid[0] == 0) return plan.config.possible() ? cudaSuccess : cudaErrorInvalidValue;
    if (inputs[0].data == nullptr || outputs[0].data == nullptr) return cudaErrorInvalidValue;
    typename Kernels::Functor functor(attributes);
    void* arguments[] = {&plan.extent, &functor};
    return plan.config.enqueue(arguments, context.stream);
  }

 private:
  static LaunchPlan planWithKernel(Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                                   TensorView const* outputs) noexcept {
    LaunchPlan plan = Facts::plan(attributes, device, inputs, outputs);
    if (plan.config.possible()) plan.config.function = reinterpret_cast<void const*>(chooseKernel<Kernels>(plan, inputs[0].type));
    return plan;
  }
};

}  // namespace profiler::plugins::elementwise

/// Stands last in `<op>.cu`, inside the op's namespace: the kernels `<op>_<variant>_kernel` and the function `op()`.
/// `FunctorType` is made from the attributes and maps one float to one float.
#define PROFILER_ELEMENTWISE_OP(op_name, FunctorType)                                                                                  \
  template <typename T, int32_t kItems>                                                                                                \
  __global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) op_name##_scalar_kernel(elementwise::Extent extent, FunctorType function) {      \
    elementwise::mapElements<T, kItems>(extent, function);                                                                             \
  }                                                                                                                                    \
  template <typename T, int32_t kItems, elementwise::CachePolicy kCache>                                                               \
  __global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) op_name##_vectorized_kernel(elementwise::Extent extent, FunctorType function) {  \
    elementwise::mapPacketsOnce<T, kItems, kCache>(extent, function);                                                                  \
  }                                                                                                                                    \
  template <typename T, int32_t kItems, elementwise::CachePolicy kCache>                                                               \
  __global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) op_name##_grid_stride_kernel(elementwise::Extent extent, FunctorType function) { \
    elementwise::mapPacketsPersistent<T, kItems, kCache>(extent, function);                                                            \
  }                                                                                                                                    \
  struct Kernels {                                                                                                                     \
    using Functor = FunctorType;                                                                                                       \
    template <typename T, int32_t kItems, elementwise::CachePolicy kCache>                                                             \
    static constexpr elementwise::Kernel<Functor> choose(elementwise::Variant variant) noexcept {                                      \
      return variant == elementwise::Variant::kScalar       ? &op_name##_scalar_kernel<T, kItems>                                      \
             : variant == elementwise::Variant::kVectorized ? &op_name##_vectorized_kernel<T, kItems, kCache>                          \
                                                            : &op_name##_grid_stride_kernel<T, kItems, kCache>;                        \
    }                                                                                                                                  \
  };                                                                                                                                   \
  Op const& op() noexcept {                                                                                                            \
    static elementwise::DeviceOp<Facts, Kernels> const instance{};                                                                     \
    return instance;                                                                                                                   \
  }
