// The result document and what it says of the whole sweep; declared in session.hpp.
#include <cuda_runtime_api.h>

#include <algorithm>

#include "digest.hpp"
#include "program_version.hpp"
#include "session.hpp"

namespace profiler::driver {

PointRecord::PointRecord(Json const& point)
    : json(dump(point)),
      status(point.value("status", std::string())),
      engine(point.value("engine", Json())),
      engineDigest(point.value("engine_digest", Json())) {}

std::string builtRuntimeVersion() { return std::to_string(CUDART_VERSION / 1000) + "." + std::to_string(CUDART_VERSION % 1000 / 10); }

Json documentHead(Options const& options, DeviceFacts const& gpu, std::optional<std::string> const& displayDriver,
                  std::vector<std::string> const& argv) {
  return {
      {"schema", "profiler-result"},
      {"schema_version", 1},
      {"program", {{"name", "profiler-driver"}, {"version", kProgramVersion}}},
      {"engine", nullptr},
      {"device", deviceJson(gpu)},
      {"versions",
       {{"driver", gpu.driverVersion},
        {"cuda_runtime", builtRuntimeVersion()},
        {"display_driver", orNull(displayDriver)},
        {"tensorrt", nullptr},
        {"tensorrt_library", nullptr}}},
      {"digests", {{"plugin_library", nullptr}, {"program", digestFile("/proc/self/exe")}, {"engine", nullptr}, {"timing_cache", nullptr}}},
      {"argv", argv},
      {"options", options.given},
      {"settings", options.filledSettings}};
}

std::string documentText(Json head, std::vector<PointRecord> const& points) {
  Json &engine = head["engine"], digest;
  bool oneEngine = true;
  std::string lines;
  for (auto const& point : points) {
    if (engine.is_null()) engine = point.engine;
    if (digest.is_null()) digest = point.engineDigest;
    oneEngine = oneEngine && (point.engineDigest.is_null() || point.engineDigest == digest);
    lines += (lines.empty() ? "\n" : ",\n") + point.json;
  }
  head["digests"]["engine"] = oneEngine ? digest : Json();
  std::string text = dump(head);
  text.back() = ',';
  return text + "\"points\":[" + lines + "]}\n";
}

ExitCode exitCodeOf(std::vector<PointRecord> const& records) {
  auto const any = [&](PointStatus status) {
    return std::any_of(records.begin(), records.end(), [&](auto const& record) { return record.status == pointStatusName(status); });
  };
  if (any(PointStatus::kWrongOutput)) return ExitCode::kWrongOutput;
  return any(PointStatus::kFailed) || !any(PointStatus::kOk) ? ExitCode::kRunFailed : ExitCode::kOk;
}

}  // namespace profiler::driver
