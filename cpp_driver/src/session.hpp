/// One process's sweep: runs all points, keeps the result file current, prints the table and says how the process ends.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "measurement.hpp"
#include "options.hpp"

namespace profiler::driver {

/// What a later part of the run needs to know of a finished point.
struct PointRecord {
  /// Args:
  ///   point: the record of docs/formats.md.
  explicit PointRecord(Json const& point);
  std::string json;  ///< One line.
  std::string status;
  Json engine, engineDigest;  ///< Texts, or null.
};

/// Reads the finished points that an earlier process of this run left behind, and removes the file. Empty when this is the first.
std::vector<PointRecord> takeEarlierPoints();

/// Replaces this process by a new one that goes on behind the finished points: after a lost CUDA context only a new process can.
/// Throws Error(kInternal) when the system refuses.
[[noreturn]] void continueInNewProcess(std::vector<PointRecord> const& finished, std::vector<std::string> const& argv);

/// Version of the CUDA runtime this program was built with, as `13.0`.
std::string builtRuntimeVersion();

/// The members of the result document that no point changes; `engine` and what TensorRT tells are null.
Json documentHead(Options const& options, DeviceFacts const& gpu, std::optional<std::string> const& displayDriver,
                  std::vector<std::string> const& argv);

/// The result document of docs/formats.md.
///
/// Args:
///   head: of `documentHead`; gets `engine` and `digests.engine` here.
std::string documentText(Json head, std::vector<PointRecord> const& points);

/// Exit code for a whole sweep: wrong output outranks failure, failure outranks success; a sweep of skipped points only is a failure.
ExitCode exitCodeOf(std::vector<PointRecord> const& records);

/// Runs the sweep.
///
/// Args:
///   argv: the command line of this process, for the result file and for a new process.
ExitCode runSession(Options const& options, std::vector<PointRequest> const& points, std::vector<std::string> const& argv);

}  // namespace profiler::driver
