/// Compares device outputs with the float64 reference, with saved outputs, and digests or saves them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "accuracy.hpp"
#include "buffers.hpp"
#include "settings.hpp"
#include "workload.hpp"

namespace profiler::core {

struct Verification {
  bool passed = true;
  std::string reference = "float64";
  std::uint64_t seed = 0;
  std::int64_t elementCount = 0;
  std::int64_t failedCount = 0;
  std::optional<double> maxAbs, meanAbs, maxRel, meanRel, rootMeanSquare, cosine;
  std::string worstTensor;
  std::optional<Extents> worstIndex;
  double worstExpected = 0.0, worstActual = 0.0;
  plugins::Tolerance tolerance;
};

/// Copies the outputs of one buffer set to the host and compares every element with the reference, in parallel on all cores. The
/// outputs must be complete. The worst of several outputs is reported.
Verification verifyOutputs(BufferRing const& ring, std::size_t set, Reference const& reference, std::uint64_t seed,
                           ToleranceOverride const& tolerance);

/// What --output-digest, --save-output and --compare-output found out about one output tensor.
struct OutputRecord {
  std::string tensor;
  std::optional<std::string> digest, file;
  struct Comparison {
    std::string file;
    bool identical = false;
    std::int64_t differentElements = 0;
    std::optional<double> maxAbsDifference;  ///< Absent for integer tensors and when nothing finite differs.
  };
  std::optional<Comparison> comparison;
};

struct OutputRequest {
  bool digest = false;
  std::string saveDirectory, compareDirectory;
  bool any() const { return digest || !saveDirectory.empty() || !compareDirectory.empty(); }
};

/// Digests, saves and compares the outputs of one buffer set. Files are named `point-<n>.output-<k>.bin` after the point's number.
///
/// Throws Error(kFileMissing) when a file cannot be written, or the one to compare with cannot be read or has another size.
std::vector<OutputRecord> recordOutputs(BufferRing const& ring, std::size_t set, std::size_t pointNumber, OutputRequest const& request);

}  // namespace profiler::core
