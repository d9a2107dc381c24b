/// The table on the terminal: one line a point, as soon as it is done.
#pragma once

#include <cstdio>
#include <vector>

#include "measurement.hpp"

namespace profiler::driver {

using namespace core;

class ResultTable {
 public:
  /// Prints the head; nothing at all when `quiet`.
  ResultTable(std::vector<PointRequest> const& points, DeviceFacts const& gpu, std::FILE* out, bool quiet);
  void add(PointResult const& result);

 private:
  void addSamples(PointResult const& result, Measurement const& measurement);

  DeviceFacts const& mGpu;
  std::FILE* mOut;
  bool mQuiet;
  int mLabelWidth = 5;
};

}  // namespace profiler::driver
