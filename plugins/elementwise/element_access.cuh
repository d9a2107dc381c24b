/// @file
/// Loads, stores and conversions of elements and 16-byte packets. All arithmetic happens in float32.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>
#include <type_traits>

#include "launch_fields.hpp"

namespace profiler::plugins::elementwise {

__device__ __forceinline__ float widen(float value) { return value; }
__device__ __forceinline__ float widen(__half value) { return __half2float(value); }
__device__ __forceinline__ float widen(__nv_bfloat16 value) { return __bfloat162float(value); }

template <typename T>
__device__ __forceinline__ T narrow(float value) {
  if constexpr (sizeof(T) == 4) {
    return value;
  } else if constexpr (std::is_same_v<T, __half>) {
    return __float2half_rn(value);
  } else {
    return __float2bfloat16_rn(value);
  }
}

/// Applies `function` to the two 16-bit elements of one word, converting both at once.
template <typename T, typename Function>
__device__ __forceinline__ uint32_t mapWord(uint32_t word, Function const& function) {
  if constexpr (sizeof(T) == 4) {
    return __float_as_uint(function(__uint_as_float(word)));
  } else if constexpr (std::is_same_v<T, __half>) {
    float2 const pair = __half22float2(reinterpret_cast<__half2 const&>(word));
    __half2 const result = __floats2half2_rn(function(pair.x), function(pair.y));
    return reinterpret_cast<uint32_t const&>(result);
  } else {
    float2 const pair = __bfloat1622float2(reinterpret_cast<__nv_bfloat162 const&>(word));
    __nv_bfloat162 const result = __floats2bfloat162_rn(function(pair.x), function(pair.y));
    return reinterpret_cast<uint32_t const&>(result);
  }
}

template <typename T, typename Function>
__device__ __forceinline__ uint4 mapPacket(uint4 packet, Function const& function) {
  return {mapWord<T>(packet.x, function), mapWord<T>(packet.y, function), mapWord<T>(packet.z, function), mapWord<T>(packet.w, function)};
}

/// Loads never take the read-only path: an op may compute in place. The inline load needs no memory clobber, because the only store
/// to its address is that of the value computed from it.
template <CachePolicy kCache>
__device__ __forceinline__ uint4 loadPacket(uint4 const* source) {
  if constexpr (kCache == CachePolicy::kStreaming) {
    return __ldcs(source);
  } else if constexpr (kCache == CachePolicy::kNoAllocate) {
    uint4 packet;
    asm("ld.global.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
        : "=r"(packet.x), "=r"(packet.y), "=r"(packet.z), "=r"(packet.w)
        : "l"(source));
    return packet;
  } else {
    return *source;
  }
}

/// L1 is write-through, so a store has nothing to keep out of it: only `streaming` changes stores.
template <CachePolicy kCache>
__device__ __forceinline__ void storePacket(uint4* target, uint4 packet) {
  if constexpr (kCache == CachePolicy::kStreaming) {
    __stcs(target, packet);
  } else {
    *target = packet;
  }
}

}  // namespace profiler::plugins::elementwise
