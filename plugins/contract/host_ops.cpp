/// @file
/// The ops without their kernels: what `<op>.hpp` states. Takes the place of every `<op>.cu` in a build of the host parts alone.
#include "op_headers.inc"

#define PROFILER_OP(folder)             \
  namespace profiler::plugins::folder { \
  Op const& op() noexcept;              \
  Op const& op() noexcept {             \
    static struct final : Facts {       \
    } const instance{};                 \
    return instance;                    \
  }                                     \
  }
#include "op_list.inc"
