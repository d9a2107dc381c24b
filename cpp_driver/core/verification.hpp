/// Compares device outputs with the float64 reference, with saved outputs, and digests or saves them.
#pragma once

#include <cstdint>
#include <string>

#include "accuracy.hpp"
#include "buffers.hpp"
#include "json.hpp"
#include "settings.hpp"

namespace profiler::core {

/// What the comparison of one output found.
struct Verification {
  Accuracy accuracy;
  TensorSpec tensor;
  std::uint64_t seed = 0;
};

/// Copies the outputs of one buffer set to the host and compares every element with the reference, in parallel on all cores. The
/// outputs must be complete. The worst of several outputs is reported.
Verification verifyOutputs(BufferRing const& ring, std::size_t set, Reference const& reference, std::uint64_t seed,
                           ToleranceOverride const& tolerance);

struct OutputRequest {
  bool digest = false;
  std::string saveDirectory, compareDirectory;
  bool any() const { return digest || !saveDirectory.empty() || !compareDirectory.empty(); }
};

/// Digests, saves and compares the outputs of one buffer set. Files are named `point-<n>.output-<k>.bin` after the point's number.
///
/// Returns:
///   The list `outputs` of the point's record (docs/formats.md).
///
/// Throws Error(kFileMissing) when a file cannot be written, or the one to compare with cannot be read or has another size.
Json recordOutputs(BufferRing const& ring, std::size_t set, std::size_t pointNumber, OutputRequest const& request);

}  // namespace profiler::core
