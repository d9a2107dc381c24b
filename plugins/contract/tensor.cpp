/// @file
/// Element counts that cannot overflow, and comparison of shapes.
#include "tensor.hpp"

#include <algorithm>

namespace profiler::plugins {

int64_t Shape::elementCount() const noexcept {
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

bool Shape::operator==(Shape const& other) const noexcept {
  return rank == other.rank && rank >= 0 && rank <= kMaxRank && std::equal(dims, dims + rank, other.dims);
}

}  // namespace profiler::plugins
