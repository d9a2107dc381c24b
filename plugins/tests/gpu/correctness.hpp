/// @file
/// Compares what every kernel of an op writes with the float64 reference.
#pragma once

#include <cstdint>
#include <string>

#include "contract/contract.hpp"

namespace profiler::plugins::test {

struct TestOptions {
  bool small = false;  ///< Few launches of few elements, for compute-sanitizer.
  bool huge = false;   ///< Also a tensor of more than 2^31 elements.
  uint64_t seed = 0;
  std::string op;  ///< Only this op when not empty.
};

/// One line of the result table.
struct Tally {
  long launches = 0;
  long refused = 0;
  long elements = 0;
  long wrong = 0;
  long guardBytes = 0;
  double maxAbsoluteError = 0.0;
  double maxRelativeError = 0.0;
  std::string firstFailure;

  bool passed() const noexcept { return wrong == 0 && guardBytes == 0 && launches > 0; }
};

/// Every block size, item count, grid and cache policy of one variant, on all sizes and alignments.
Tally checkVariant(Op const& op, ElementType type, char const* variant, TestOptions const& options);

/// More than 2^31 elements of one value: every output element must be the same correct value.
Tally checkHuge(Op const& op, char const* variant);

}  // namespace profiler::plugins::test
