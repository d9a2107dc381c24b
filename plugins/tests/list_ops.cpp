/// @file
/// Prints the names of the ops that were built in, one a line.
#include <cstdio>

#include "contract/registry.hpp"

int main() {
  for (profiler::plugins::Op const* const op : profiler::plugins::allOps()) {
    std::printf("%s\n", op->info().name);
  }
  return 0;
}
