/// @file
/// The launch variants of swish: one row each. A row's family names the kernel for every item count and cache policy.
#include "../elementwise/elementwise_op.cuh"
#include "swish_kernels.cuh"
#include "swish_op.hpp"

namespace profiler::plugins::swish {
namespace {

using elementwise::CachePolicy;
using elementwise::Variant;
using elementwise::variantRow;
using elementwise::VariantRow;

template <typename T>
struct Scalar {
  template <int32_t kItems, CachePolicy>
  static constexpr auto kernel() {
    return &swish_scalar_kernel<T, kItems>;
  }
};

template <typename T>
struct Vectorized {
  template <int32_t kItems, CachePolicy kCache>
  static constexpr auto kernel() {
    return &swish_vectorized_kernel<T, kItems, kCache>;
  }
};

template <typename T>
struct GridStride {
  template <int32_t kItems, CachePolicy kCache>
  static constexpr auto kernel() {
    return &swish_grid_stride_kernel<T, kItems, kCache>;
  }
};

struct Traits {
  using Functor = SwishFunctor;
  static constexpr OpInfo const& kInfo = swish::kInfo;
  static constexpr char const* const* kKernelNames = swish::kKernelNames;

  template <typename T>
  static Span<VariantRow<Functor> const> rows() noexcept {
    static constexpr VariantRow<Functor> kRows[] = {
        variantRow<Functor, Scalar<T>>(Variant::kScalar),
        variantRow<Functor, Vectorized<T>>(Variant::kVectorized),
        variantRow<Functor, GridStride<T>>(Variant::kGridStride),
    };
    return {kRows, sizeof kRows / sizeof kRows[0]};
  }

  static Functor functor(Attributes const& attributes) noexcept { return {-beta(attributes) * kLog2E}; }
  static double reference(Attributes const& attributes, double x) noexcept { return swish::reference(attributes, x); }
  static Tolerance tolerance(Attributes const& attributes, ElementType type) noexcept { return swish::tolerance(attributes, type); }
  static bool mapsZeroToZero(Attributes const&) noexcept { return true; }
};

}  // namespace

Op const& op() noexcept {
  static elementwise::ElementwiseOp<Traits> const instance{};
  return instance;
}

}  // namespace profiler::plugins::swish
