/// @file
/// How ops behave towards streams, threads and graphs.
#pragma once

#include "contract/contract.hpp"

namespace profiler::plugins::test {

/// A launch can be captured into a graph in the strictest mode, which fails on any allocation, synchronisation or use of another stream;
/// the replayed graph gives what a plain launch gives. Returns the number of failures and prints each.
int checkGraphCapture(Op const& op);

/// Several threads launch on streams of their own at once and each finds its own result.
int checkThreads(Op const& op);

/// Input and output may be the same tensor.
int checkInPlace(Op const& op);

}  // namespace profiler::plugins::test
