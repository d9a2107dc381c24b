/// @file
/// Shapes and views of dense row-major tensors of up to eight dimensions with 64-bit sizes.
#pragma once

#include <algorithm>
#include <cstdint>

#include "element_type.hpp"

namespace profiler::plugins {

/// Pointer and length of an array owned by somebody else.
template <typename T>
struct Span {
  T* items = nullptr;
  int64_t count = 0;

  constexpr T* begin() const noexcept { return items; }
  constexpr T* end() const noexcept { return items + count; }
  constexpr T& operator[](int64_t index) const noexcept { return items[index]; }
  constexpr int64_t size() const noexcept { return count; }
  constexpr bool empty() const noexcept { return count == 0; }
};

inline constexpr int32_t kMaxRank = 8;

/// Most tensors that an op may have on either side.
inline constexpr int32_t kMaxTensors = 8;

/// Most elements of a tensor. The bytes of all inputs and outputs of an op together then fit 63 bits: 16 tensors of 2^56 elements of at
/// most 4 bytes are 2^62 bytes.
inline constexpr int64_t kMaxElements = int64_t{1} << 56;

struct Shape {
  int32_t rank = 0;
  int64_t dims[kMaxRank] = {};

  /// Number of elements: 1 for rank 0, -1 when the rank or a dimension is out of range or the product exceeds `kMaxElements`.
  int64_t elementCount() const noexcept {
    if (rank < 0 || rank > kMaxRank) return -1;
    if (std::any_of(dims, dims + rank, [](int64_t extent) { return extent < 0; })) return -1;
    if (std::find(dims, dims + rank, 0) != dims + rank) return 0;
    int64_t count = 1;
    for (int32_t axis = 0; axis < rank; ++axis) {
      if (count > kMaxElements / dims[axis]) return -1;
      count *= dims[axis];
    }
    return count;
  }
  bool operator==(Shape const& other) const noexcept {
    return rank == other.rank && rank >= 0 && rank <= kMaxRank && std::equal(dims, dims + rank, other.dims);
  }
  bool operator!=(Shape const& other) const noexcept { return !(*this == other); }
};

/// A tensor in device memory (host memory for a reference). Ops never write through the views they are given as inputs.
struct TensorView {
  ElementType type = ElementType::kFloat32;
  Shape shape;
  void* data = nullptr;

  int64_t elementCount() const noexcept { return shape.elementCount(); }
  /// Size of the data, -1 when the shape is not valid.
  int64_t sizeBytes() const noexcept {
    int64_t const count = shape.elementCount();
    return count < 0 ? -1 : count * elementSizeBytes(type);
  }
};

}  // namespace profiler::plugins
