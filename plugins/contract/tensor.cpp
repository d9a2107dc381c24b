/// @file
/// Element counts that cannot overflow, and comparison of shapes.
#include "tensor.hpp"

namespace profiler::plugins {

int64_t Shape::elementCount() const noexcept {
  if (rank < 0 || rank > kMaxRank) {
    return -1;
  }
  bool empty = false;
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (dims[axis] < 0) {
      return -1;
    }
    empty = empty || dims[axis] == 0;
  }
  if (empty) {
    return 0;
  }
  int64_t count = 1;
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (count > kMaxElements / dims[axis]) {
      return -1;
    }
    count *= dims[axis];
  }
  return count;
}

bool Shape::operator==(Shape const& other) const noexcept {
  if (rank != other.rank || rank < 0 || rank > kMaxRank) {
    return false;
  }
  for (int32_t axis = 0; axis < rank; ++axis) {
    if (dims[axis] != other.dims[axis]) {
      return false;
    }
  }
  return true;
}

}  // namespace profiler::plugins
