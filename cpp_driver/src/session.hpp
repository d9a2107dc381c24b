/// One process's sweep: runs all points, keeps the result file current, prints the table and says how the process ends.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "error.hpp"
#include "options.hpp"
#include "point.hpp"
#include "result_json.hpp"

namespace profiler::driver {

/// What a later part of the run needs to know of a finished point.
struct PointRecord {
  std::string json;
  std::string status;
  std::optional<std::string> engine, engineDigest;
};

/// Reads the finished points that an earlier process of this run left behind, and removes the file. Empty when this is the first.
std::vector<PointRecord> takeEarlierPoints();

/// Replaces this process by a new one that goes on behind the finished points: after a lost CUDA context only a new process can.
/// Throws Error(kInternal) when the system refuses.
[[noreturn]] void continueInNewProcess(std::vector<PointRecord> const& finished, std::vector<std::string> const& argv);

/// Exit code for a whole sweep: wrong output outranks failure, failure outranks success; a sweep of skipped points only is a failure.
ExitCode exitCodeOf(std::vector<PointRecord> const& records);

/// Runs the sweep.
///
/// Args:
///   argv: the command line of this process, for the result file and for a new process.
ExitCode runSession(Options const& options, std::vector<PointRequest> const& points, std::vector<std::string> const& argv);

}  // namespace profiler::driver
