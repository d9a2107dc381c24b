/// @file
/// The kernels and launch variants of negate.
#include "../elementwise/elementwise_op.cuh"
#include "../elementwise/kernel_bodies.cuh"
#include "negate_op.hpp"

namespace profiler::plugins::negate {
namespace {

using namespace elementwise;

struct NegateFunctor {
  __device__ __forceinline__ float operator()(float x) const { return -x; }
};

template <typename T, int32_t kItems>
__global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) negate_scalar_kernel(Extent extent, NegateFunctor negate) {
  mapElements<T, kItems>(extent, negate);
}

template <typename T, int32_t kItems, CachePolicy kCache>
__global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) negate_vectorized_kernel(Extent extent, NegateFunctor negate) {
  mapPacketsOnce<T, kItems, kCache>(extent, negate);
}

template <typename T, int32_t kItems, CachePolicy kCache>
__global__ void PROFILER_ELEMENTWISE_BOUNDS(kItems) negate_grid_stride_kernel(Extent extent, NegateFunctor negate) {
  mapPacketsPersistent<T, kItems, kCache>(extent, negate);
}

template <typename T>
struct Scalar {
  template <int32_t kItems, CachePolicy>
  static constexpr auto kernel() {
    return &negate_scalar_kernel<T, kItems>;
  }
};

template <typename T>
struct Vectorized {
  template <int32_t kItems, CachePolicy kCache>
  static constexpr auto kernel() {
    return &negate_vectorized_kernel<T, kItems, kCache>;
  }
};

template <typename T>
struct GridStride {
  template <int32_t kItems, CachePolicy kCache>
  static constexpr auto kernel() {
    return &negate_grid_stride_kernel<T, kItems, kCache>;
  }
};

struct Traits {
  using Functor = NegateFunctor;
  static constexpr OpInfo const& kInfo = negate::kInfo;
  static constexpr char const* const* kKernelNames = negate::kKernelNames;

  template <typename T>
  static Span<VariantRow<Functor> const> rows() noexcept {
    static constexpr VariantRow<Functor> kRows[] = {
        variantRow<Functor, Scalar<T>>(Variant::kScalar),
        variantRow<Functor, Vectorized<T>>(Variant::kVectorized),
        variantRow<Functor, GridStride<T>>(Variant::kGridStride),
    };
    return {kRows, sizeof kRows / sizeof kRows[0]};
  }

  static Functor functor(Attributes const&) noexcept { return {}; }
  static double reference(Attributes const&, double x) noexcept { return -x; }
  static Tolerance tolerance(Attributes const&, ElementType) noexcept { return {}; }
  static bool mapsZeroToZero(Attributes const&) noexcept { return true; }
};

}  // namespace

Op const& op() noexcept {
  static ElementwiseOp<Traits> const instance{};
  return instance;
}

}  // namespace profiler::plugins::negate
