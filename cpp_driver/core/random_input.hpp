/// The seeded inputs: element `index` of an input is the same on host and device, bit for bit.
///
/// A float type gets a multiple of 2^-20 in [-8, 8), rounded to the type; an integer type gets 0 or 1, which is valid for masks and
/// for indices.
#pragma once

#include <cstdint>

#if defined(__CUDACC__)
#define PROFILER_HOST_DEVICE __host__ __device__
#else
#define PROFILER_HOST_DEVICE
#endif

namespace profiler::core {

/// Start of the random sequence of one input of one seed.
constexpr std::uint64_t mixSeed(std::uint64_t seed, std::uint64_t input) {
  return seed * 0x9E3779B97F4A7C15ULL + (input + 1) * 0xD1B54A32D192ED03ULL;
}

/// Element `index` of a sequence. Source: SplitMix64, Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators.
PROFILER_HOST_DEVICE constexpr std::uint64_t mixIndex(std::uint64_t sequence, std::uint64_t index) {
  std::uint64_t z = sequence + (index + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

/// 24 random bits, centred and scaled: exact in float, so no compiler can round it differently.
PROFILER_HOST_DEVICE constexpr float uniformFrom(std::uint64_t hash) {
  return static_cast<float>(static_cast<std::int32_t>(hash >> 40) - (1 << 23)) * (1.0F / (1 << 20));
}

}  // namespace profiler::core
