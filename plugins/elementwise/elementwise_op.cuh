/// @file
/// Makes an op of a traits struct: one input, one output of the same shape and type, kernels chosen by variant, type, items and
/// cache policy. An op states what it computes; everything about launching is here once.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "launch_plan.hpp"

namespace profiler::plugins::elementwise {

template <typename Functor>
using Kernel = void (*)(Extent, Functor);

/// One launch variant: the kernel's name and its instances for each item count (1, 2, 4, 8) and cache policy (default, streaming,
/// no_allocate) of one element type.
template <typename Functor>
struct VariantRow {
  Variant variant;
  Kernel<Functor> kernels[4][3];
};

/// Instances of a kernel family for all item counts, where `Family::kernel<kItems, kCache>()` names one.
template <typename Functor, typename Family>
constexpr VariantRow<Functor> variantRow(Variant variant) {
  constexpr CachePolicy kDefault = CachePolicy::kDefault;
  constexpr CachePolicy kStreaming = CachePolicy::kStreaming;
  constexpr CachePolicy kNoAllocate = CachePolicy::kNoAllocate;
  return {variant,
          {{Family::template kernel<1, kDefault>(), Family::template kernel<1, kStreaming>(), Family::template kernel<1, kNoAllocate>()},
           {Family::template kernel<2, kDefault>(), Family::template kernel<2, kStreaming>(), Family::template kernel<2, kNoAllocate>()},
           {Family::template kernel<4, kDefault>(), Family::template kernel<4, kStreaming>(), Family::template kernel<4, kNoAllocate>()},
           {Family::template kernel<8, kDefault>(), Family::template kernel<8, kStreaming>(), Family::template kernel<8, kNoAllocate>()}}};
}

constexpr int32_t itemsRow(int32_t items) noexcept { return items == 8 ? 3 : items == 4 ? 2 : items == 2 ? 1 : 0; }

constexpr int32_t cacheColumn(CachePolicy cache) noexcept {
  return static_cast<int32_t>(cache) - static_cast<int32_t>(CachePolicy::kDefault);
}

/// `Traits` states: `kInfo`, `kKernelNames`, `Functor`, `functor(Attributes)`, `rows<T>()` (a Span of VariantRow),
/// `reference(Attributes, double)`, `tolerance(Attributes, ElementType)`, `mapsZeroToZero(Attributes)`.
template <typename Traits>
class ElementwiseOp final : public Op {
 public:
  using Functor = typename Traits::Functor;
  static_assert(Traits::kInfo.fields.size() <= kMaxFields, "an op has at most 16 attributes: drop some or raise kMaxFields");

  OpInfo const& info() const noexcept override { return Traits::kInfo; }

  LaunchConfig describeLaunch(Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                              TensorView const* outputs) const noexcept override {
    LaunchPlan plan = planLaunch(Traits::kInfo, Traits::kKernelNames, attributes, device, inputs[0], outputs[0]);
    if (plan.config.possible()) {
      plan.config.function = reinterpret_cast<void const*>(select(inputs[0].type, plan));
    }
    return plan.config;
  }

  cudaError_t launch(Attributes const& attributes, LaunchContext const& context, TensorView const* inputs,
                     TensorView const* outputs) const noexcept override {
    LaunchPlan plan = planLaunch(Traits::kInfo, Traits::kKernelNames, attributes, context.device, inputs[0], outputs[0]);
    if (!plan.config.possible()) {
      return cudaErrorInvalidValue;
    }
    if (plan.config.grid[0] == 0) {
      return cudaSuccess;
    }
    if (inputs[0].data == nullptr || outputs[0].data == nullptr) {
      return cudaErrorInvalidValue;
    }
    Kernel<Functor> const kernel = select(inputs[0].type, plan);
    if (kernel == nullptr) {
      return cudaErrorInvalidDeviceFunction;
    }
    Functor functor = Traits::functor(attributes);
    void* arguments[] = {&plan.extent, &functor};
    LaunchConfig const& config = plan.config;
    return cudaLaunchKernel(reinterpret_cast<void const*>(kernel), dim3(config.grid[0], config.grid[1], config.grid[2]),
                            dim3(config.block[0], config.block[1], config.block[2]), arguments, config.dynamicSharedMemoryBytes,
                            context.stream);
  }

  void reference(Attributes const& attributes, Shape const* inputShapes, double const* const* inputs,
                 double* const* outputs) const override {
    int64_t const count = inputShapes[0].elementCount();
    for (int64_t index = 0; index < count; ++index) {
      outputs[0][index] = Traits::reference(attributes, inputs[0][index]);
    }
  }

  Tolerance tolerance(Attributes const& attributes, ElementType type) const noexcept override {
    return Traits::tolerance(attributes, type);
  }

  bool mapsZeroToZero(Attributes const& attributes) const noexcept override { return Traits::mapsZeroToZero(attributes); }

 private:
  static Kernel<Functor> select(ElementType type, LaunchPlan const& plan) noexcept {
    Span<VariantRow<Functor> const> const rows = type == ElementType::kFloat32   ? Traits::template rows<float>()
                                                 : type == ElementType::kFloat16 ? Traits::template rows<__half>()
                                                                                 : Traits::template rows<__nv_bfloat16>();
    for (VariantRow<Functor> const& row : rows) {
      if (row.variant == plan.variant) {
        return row.kernels[itemsRow(plan.items)][cacheColumn(plan.cache)];
      }
    }
    return nullptr;
  }
};

}  // namespace profiler::plugins::elementwise
