/// @file
/// The launch attributes that all elementwise ops offer: variant, block, items, grid and cache. They stand behind an op's own
/// attributes in its field table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "../contract/field.hpp"

namespace profiler::plugins::elementwise {

enum class Variant : int32_t { kAuto = 0, kScalar = 1, kVectorized = 2, kGridStride = 3 };
enum class GridPolicy : int32_t { kAuto = 0, kExact = 1, kHalfWave = 2, kOneWave = 3, kTwoWaves = 4, kFourWaves = 5, kEightWaves = 6 };
enum class CachePolicy : int32_t { kAuto = 0, kDefault = 1, kStreaming = 2, kNoAllocate = 3 };

inline constexpr char const* kVariantNames[] = {"auto", "scalar", "vectorized", "grid_stride"};
inline constexpr char const* kGridNames[] = {"auto", "exact", "half_wave", "one_wave", "two_waves", "four_waves", "eight_waves"};
inline constexpr char const* kCacheNames[] = {"auto", "default", "streaming", "no_allocate"};
inline constexpr int32_t kItemChoices[] = {0, 1, 2, 4, 8};
inline constexpr int32_t kMaxBlock = 1024;

/// Positions of the launch attributes, counted from the end of the op's own attributes.
enum LaunchField : int32_t { kVariant = 0, kBlock = 1, kItems = 2, kGrid = 3, kCache = 4, kLaunchFieldCount = 5 };

inline constexpr Field kLaunchFields[kLaunchFieldCount] = {
    launchChoice(
        "variant", {kVariantNames, 4},
        "kernel: scalar = one element an access, vectorized = 16-byte accesses, grid_stride = 16-byte accesses of a persistent grid"),
    launchNumber("block", kMaxBlock, 32, "threads per block, 0 = chosen by size"),
    launchNumber("items", 8, 1, "independent accesses of one thread in flight, 0 = chosen by size", {kItemChoices, 5}),
    launchChoice("grid", {kGridNames, 7}, "blocks: exact = one tile each; waves = as many as fit on the device at once, times the number"),
    launchChoice("cache", {kCacheNames, 4}, "cache hints of loads and stores: streaming = evict first, no_allocate = stay out of L1"),
};

/// An op's own attributes, none or more, followed by the launch attributes.
template <typename... Own>
constexpr std::array<Field, sizeof...(Own) + kLaunchFieldCount> withLaunchFields(Own const&... own) {
  static_assert(sizeof...(Own) + kLaunchFieldCount <= kMaxFields,
                "an op has at most 16 attributes, 5 of them launch attributes: drop some or raise kMaxFields");
  std::array<Field, sizeof...(Own) + kLaunchFieldCount> all{own...};
  for (size_t index = 0; index < kLaunchFieldCount; ++index) all[sizeof...(Own) + index] = kLaunchFields[index];
  return all;
}

/// Names of an op's kernels, indexed by `Variant` (entry 0 is unused): `<op>_<variant>_kernel`.
struct KernelNames {
  static constexpr size_t kMaxLength = 96;
  char names[4][kMaxLength] = {};

  constexpr char const* operator[](Variant variant) const noexcept { return names[static_cast<int32_t>(variant)]; }
};

/// @param op  at most 60 characters; a longer name does not compile.
constexpr KernelNames kernelNames(char const* op) {
  KernelNames all{};
  for (int32_t variant = 1; variant < 4; ++variant) {
    size_t length = 0;
    for (char const* const part : {op, "_", kVariantNames[variant], "_kernel"}) {
      for (char const* letter = part; *letter != '\0'; ++letter) {
        all.names[variant][length++] = *letter;
      }
    }
  }
  return all;
}

}  // namespace profiler::plugins::elementwise
