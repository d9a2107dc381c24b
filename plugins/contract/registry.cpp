/// @file
/// The list of built-in ops. `op_list.inc` holds one `PROFILER_OP(<folder>)` per op folder and is written by CMake, so that a new
/// folder is a new op and no static initialiser can be dropped by the linker.
#include "registry.hpp"

namespace profiler::plugins {

#define PROFILER_OP(folder) \
  namespace folder {        \
  Op const& op() noexcept;  \
  }
#include "op_list.inc"
#undef PROFILER_OP

Span<Op const* const> allOps() noexcept {
#define PROFILER_OP(folder) &folder::op(),
  static Op const* const ops[] = {
#include "op_list.inc"
  };
#undef PROFILER_OP
  return {ops, static_cast<int64_t>(sizeof ops / sizeof ops[0])};
}

Op const* findOp(std::string_view name) noexcept {
  for (Op const* const candidate : allOps()) {
    if (name == candidate->info().name || name == candidate->info().pluginName) {
      return candidate;
    }
  }
  return nullptr;
}

std::string nearestOpName(std::string_view name) {
  constexpr int64_t kMaxListed = 256;
  char const* names[kMaxListed];
  int64_t count = 0;
  for (Op const* const candidate : allOps()) {
    if (count < kMaxListed) {
      names[count++] = candidate->info().name;
    }
  }
  return nearestName(name, {names, count});
}

}  // namespace profiler::plugins
