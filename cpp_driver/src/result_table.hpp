/// The table on the terminal: one line a point, as soon as it is done.
#pragma once

#include <cstdio>
#include <vector>

#include "device_info.hpp"
#include "point.hpp"
#include "run_loop.hpp"

namespace profiler::driver {

class ResultTable {
 public:
  /// Prints the head; nothing at all when `quiet`.
  ResultTable(const std::vector<PointRequest>& points, const GpuDescription& gpu, std::FILE* out, bool quiet);
  void add(const PointResult& result);

 private:
  void addSamples(const PointResult& result);

  const GpuDescription& mGpu;
  std::FILE* mOut;
  bool mQuiet;
  int mLabelWidth = 5;
};

}  // namespace profiler::driver
