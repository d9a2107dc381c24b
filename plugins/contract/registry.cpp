/// @file
/// The list of built-in ops. `op_list.inc` holds one `PROFILER_OP(<folder>)` per op folder and is written by CMake, so that a new
/// folder is a new op and no static initialiser can be dropped by the linker.
#include "registry.hpp"

#include <algorithm>
#include <cstdio>

namespace profiler::plugins {
namespace {

/// Moves the ops whose facts are sound to the front and returns how many they are; stderr says what is wrong with the others.
int64_t dropUnsound(Op const** ops, int64_t count) noexcept {
  auto const unsound = [](Op const* op) {
    Outcome const outcome = checkOpInfo(op->info());
    if (!outcome) {
      std::fprintf(stderr, "error: the op '%s' is left out: %s\n", op->info().name, outcome.reason.c_str());
    }
    return !outcome;
  };
  return std::remove_if(ops, ops + count, unsound) - ops;
}

}  // namespace

#define PROFILER_OP(folder) \
  namespace folder {        \
  Op const& op() noexcept;  \
  }
#include "op_list.inc"
#undef PROFILER_OP

Span<Op const* const> allOps() noexcept {
#define PROFILER_OP(folder) &folder::op(),
  static Op const* ops[] = {
#include "op_list.inc"
  };
#undef PROFILER_OP
  static int64_t const count = dropUnsound(ops, static_cast<int64_t>(sizeof ops / sizeof ops[0]));
  return {ops, count};
}

Op const* findOp(std::string_view name) noexcept {
  for (Op const* const candidate : allOps()) {
    if (name == candidate->info().name || name == candidate->info().pluginName) return candidate;
  }
  return nullptr;
}

std::string nearestOpName(std::string_view name) {
  std::vector<std::string_view> names;
  for (Op const* const candidate : allOps()) names.emplace_back(candidate->info().name);
  return nearestName(name, names);
}

}  // namespace profiler::plugins
