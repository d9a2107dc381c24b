/// @file
/// How an elementwise kernel's elements are split: a head up to the first 16-byte boundary, a body of 16-byte packets, a tail.
#pragma once

#include <cstdint>

namespace profiler::plugins::elementwise {

inline constexpr int32_t kPacketBytes = 16;

/// Kernel argument, passed by value. Kernels of the element family use `elementCount` only.
struct Extent {
  void const* input = nullptr;
  void* output = nullptr;
  int64_t elementCount = 0;
  int64_t headCount = 0;    ///< Elements before the first 16-byte boundary, fewer than one packet holds.
  int64_t packetCount = 0;  ///< 16-byte packets between head and tail.
};

}  // namespace profiler::plugins::elementwise
