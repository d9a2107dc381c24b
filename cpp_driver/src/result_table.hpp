/// The table on the terminal: one line a point, as soon as it is done.
#pragma once

#include <algorithm>
#include <cstdio>
#include <vector>

#include "measurement.hpp"
#include "statistics.hpp"

namespace profiler::driver {

using namespace core;

class ResultTable {
 public:
  /// Prints the head; nothing at all when `quiet`.
  ResultTable(std::vector<PointRequest> const& points, DeviceFacts const& gpu, std::FILE* out, bool quiet)
      : mGpu(gpu), mOut(out), mQuiet(quiet) {
    for (auto const& point : points) mLabelWidth = std::max(mLabelWidth, static_cast<int>(point.label.size()));
    if (mQuiet) return;
    std::fprintf(mOut, "%s, %zu points\n", mGpu.name.c_str(), points.size());
    std::fprintf(mOut, "%-*s  %7s  %11s  %11s  %11s  %11s  %9s  %s\n", mLabelWidth, "point", "samples", "median us", "p05 us", "p95 us",
                 "host us", "GB/s", "check");
    std::fflush(mOut);
  }
  void add(PointResult const& result) {
    if (mQuiet) return;
    std::fprintf(mOut, "%-*s  ", mLabelWidth, result.request.label.c_str());
    if (result.measurement) {
      addSamples(result, *result.measurement);
    } else {
      std::fprintf(mOut, "%s: %s\n", pointStatusName(result.status), result.reason.value_or("").c_str());
    }
    std::fflush(mOut);
  }

 private:
  void addSamples(PointResult const& result, Measurement const& measurement) {
    constexpr double kNsPerUs = 1000.0;
    std::vector<std::int64_t> device, host;
    for (auto const& lane : measurement.lanes) {
      device.insert(device.end(), lane.deviceNs.begin(), lane.deviceNs.end());
      host.insert(host.end(), lane.hostNs.begin(), lane.hostNs.end());
    }
    if (device.empty()) {
      std::fprintf(mOut, "no samples\n");
      return;
    }
    double const middle = median(device);
    // Lanes overlap in throughput mode, so only the wall time tells the traffic per second (bytes per ns are GB/s).
    double const perIterationNs =
        measurement.wallNs ? static_cast<double>(*measurement.wallNs) / static_cast<double>(device.size()) : middle;
    double const gigabytesPerS =
        perIterationNs > 0.0 ? static_cast<double>(result.workload->bytesPerIteration.value_or(0)) / perIterationNs : 0.0;
    std::fprintf(mOut, "%7zu  %11.3f  %11.3f  %11.3f  %11.3f  %9.1f  %s%s\n", device.size(), middle / kNsPerUs,
                 quantile(device, 0.05) / kNsPerUs, quantile(device, 0.95) / kNsPerUs, median(host) / kNsPerUs, gigabytesPerS,
                 result.verification ? "ok" : "unverified", result.keepsToStream == false ? ", leaves its stream" : "");
  }

  DeviceFacts const& mGpu;
  std::FILE* mOut;
  bool mQuiet;
  int mLabelWidth = 5;
};

}  // namespace profiler::driver
