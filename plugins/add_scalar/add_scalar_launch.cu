/// @file
/// The launch variants of add_scalar: one row each. A row's family names the kernel for every item count and cache policy.
#include "../elementwise/elementwise_op.cuh"
#include "add_scalar_kernels.cuh"
#include "add_scalar_op.hpp"

namespace profiler::plugins::add_scalar {
namespace {

using elementwise::CachePolicy;
using elementwise::Variant;
using elementwise::variantRow;
using elementwise::VariantRow;

template <typename T>
struct Scalar {
  template <int32_t kItems, CachePolicy>
  static constexpr auto kernel() {
    return &add_scalar_scalar_kernel<T, kItems>;
  }
};

template <typename T>
struct Vectorized {
  template <int32_t kItems, CachePolicy kCache>
  static constexpr auto kernel() {
    return &add_scalar_vectorized_kernel<T, kItems, kCache>;
  }
};

template <typename T>
struct GridStride {
  template <int32_t kItems, CachePolicy kCache>
  static constexpr auto kernel() {
    return &add_scalar_grid_stride_kernel<T, kItems, kCache>;
  }
};

struct Traits {
  using Functor = AddScalarFunctor;
  static constexpr OpInfo const& kInfo = add_scalar::kInfo;
  static constexpr char const* const* kKernelNames = add_scalar::kKernelNames;

  template <typename T>
  static Span<VariantRow<Functor> const> rows() noexcept {
    static constexpr VariantRow<Functor> kRows[] = {
        variantRow<Functor, Scalar<T>>(Variant::kScalar),
        variantRow<Functor, Vectorized<T>>(Variant::kVectorized),
        variantRow<Functor, GridStride<T>>(Variant::kGridStride),
    };
    return {kRows, sizeof kRows / sizeof kRows[0]};
  }

  static Functor functor(Attributes const& attributes) noexcept { return {scalar(attributes)}; }
  static double reference(Attributes const& attributes, double x) noexcept { return add_scalar::reference(attributes, x); }
  static Tolerance tolerance(Attributes const& attributes, ElementType type) noexcept { return add_scalar::tolerance(attributes, type); }
  static bool mapsZeroToZero(Attributes const& attributes) noexcept { return scalar(attributes) == 0.0f; }
};

}  // namespace

Op const& op() noexcept {
  static elementwise::ElementwiseOp<Traits> const instance{};
  return instance;
}

}  // namespace profiler::plugins::add_scalar
