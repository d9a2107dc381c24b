/// Ranges around the parts of a measurement; each face annotates them in its own way.
#pragma once

#include <cstdint>

#include "profiler/core.h"

namespace profiler::core {

enum class RangeKind : std::int32_t {
  kPoint = PROFILER_CORE_RANGE_POINT,
  kSetup = PROFILER_CORE_RANGE_SETUP,
  kVerify = PROFILER_CORE_RANGE_VERIFY,
  kWarmup = PROFILER_CORE_RANGE_WARMUP,
  kIteration = PROFILER_CORE_RANGE_ITERATION,
};

/// Opens and closes ranges of the calling thread.
class Annotator {
 public:
  virtual ~Annotator() = default;
  virtual void push(RangeKind kind, char const* text, std::int64_t payload) = 0;
  virtual void pop() = 0;
};

/// A range from construction to destruction.
class [[nodiscard]] Range {
 public:
  Range(Annotator& annotator, RangeKind kind, char const* text = nullptr, std::int64_t payload = 0) : mAnnotator(annotator) {
    mAnnotator.push(kind, text, payload);
  }
  ~Range() { mAnnotator.pop(); }
  Range(Range const&) = delete;
  Range& operator=(Range const&) = delete;

 private:
  Annotator& mAnnotator;
};

}  // namespace profiler::core
