/// @file
/// Tests every kernel of every op on the GPU and prints a table. Exit status: 0 all right, 1 something is wrong, 2 bad option, 77 no GPU.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <random>
#include <string>

#include "behaviour.hpp"
#include "correctness.hpp"
#include "guarded_buffer.hpp"

using namespace profiler::plugins;
using namespace profiler::plugins::test;

namespace {

constexpr int kSkipped = 77;

char const kHelp[] =
    "plugins_gpu_test: compares every kernel of every op with the float64 reference\n"
    "  --small     few small launches, for compute-sanitizer\n"
    "  --huge      also a tensor of more than 2^31 elements (needs 9 GB of GPU memory)\n"
    "  --op NAME   only this op\n"
    "  --seed N    seed of the random inputs; without it a new one each time, printed first\n";

/// Returns -1 to go on, otherwise the exit status.
int readOptions(int count, char** arguments, TestOptions& options) {
  options.seed = std::random_device{}();
  for (int index = 1; index < count; ++index) {
    std::string const name = arguments[index];
    if (name == "--small") {
      options.small = true;
    } else if (name == "--huge") {
      options.huge = true;
    } else if (name == "--op" && index + 1 < count) {
      options.op = arguments[++index];
    } else if (name == "--seed" && index + 1 < count) {
      options.seed = std::strtoull(arguments[++index], nullptr, 10);
    } else {
      std::fputs(kHelp, name == "--help" ? stdout : stderr);
      return name == "--help" ? 0 : 2;
    }
  }
  if (!options.op.empty() && findOp(options.op) == nullptr) {
    std::fprintf(stderr, "unknown op '%s', nearest: %s\n", options.op.c_str(), nearestOpName(options.op).c_str());
    return 2;
  }
  return -1;
}

/// Prints one line of the table; 1 when it shows a failure.
int printTally(Op const& op, char const* type, char const* variant, Tally const& tally) {
  std::printf("%-12s %-5s %-12s %8ld %8ld %11ld %12.3g %12.3g  %s\n", op.info().name, type, variant, tally.launches, tally.refused,
              tally.elements, tally.maxAbsoluteError, tally.maxRelativeError, tally.passed() ? "ok" : "FAILED");
  if (!tally.passed()) {
    std::printf("  %ld wrong elements, %ld guard bytes written; %s\n", tally.wrong, tally.guardBytes, tally.firstFailure.c_str());
  }
  return tally.passed() ? 0 : 1;
}

int checkOp(Op const& op, TestOptions const& options) {
  if (!op.info().elementwise) {
    std::printf("%-12s not elementwise: its own tests check it\n", op.info().name);
    return 0;
  }
  int failures = 0;
  for (ElementType const type : op.info().types) {
    for (char const* const variant : op.info().variants()) {
      failures += printTally(op, elementTypeName(type), variant, checkVariant(op, type, variant, options));
    }
  }
  if (options.huge) {
    for (char const* const variant : op.info().variants()) failures += printTally(op, "huge", variant, checkHuge(op, variant));
  }
  int const behaviour = checkGraphCapture(op) + checkThreads(op) + checkInPlace(op);
  std::printf("%-12s graph capture, threads, in place: %s\n", op.info().name, behaviour == 0 ? "ok" : "FAILED");
  return failures + behaviour;
}

}  // namespace

int main(int count, char** arguments) {
  TestOptions options;
  if (int const status = readOptions(count, arguments, options); status >= 0) return status;
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::printf("skipped: no CUDA device\n");
    return kSkipped;
  }
  std::printf("seed %llu\n%-12s %-5s %-12s %8s %8s %11s %12s %12s\n", static_cast<unsigned long long>(options.seed), "op", "type",
              "variant", "launches", "refused", "elements", "max abs err", "max rel err");
  int failures = 0;
  try {
    for (Op const* const op : allOps()) {
      if (options.op.empty() || options.op == op->info().name) failures += checkOp(*op, options);
    }
  } catch (std::exception const& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  std::printf(failures == 0 ? "all ok\n" : "%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
