#include "result_json.hpp"

#include <cuda_runtime_api.h>

#include "json.hpp"
#include "program_version.hpp"

namespace profiler::driver {

std::string builtRuntimeVersion() { return std::to_string(CUDART_VERSION / 1000) + "." + std::to_string(CUDART_VERSION % 1000 / 10); }

std::string documentJson(DocumentFacts const& facts, std::optional<std::string> const& engine,
                         std::optional<std::string> const& engineDigest, std::vector<std::string> const& points) {
  auto const& gpu = facts.gpu;
  Json const head = {{"schema", "profiler-result"},
                     {"schema_version", 1},
                     {"program", {{"name", "profiler-driver"}, {"version", kProgramVersion}}},
                     {"engine", orNull(engine)},
                     {"device", gpu ? deviceJson(*gpu) : Json()},
                     {"versions",
                      {{"driver", gpu ? Json(gpu->driverVersion) : Json()},
                       {"cuda_runtime", builtRuntimeVersion()},
                       {"display_driver", orNull(facts.displayDriver)},
                       {"tensorrt", orNull(facts.tensorrtVersion)},
                       {"tensorrt_library", orNull(facts.tensorrtLibrary)}}},
                     {"digests",
                      {{"plugin_library", orNull(facts.pluginLibraryDigest)},
                       {"program", orNull(facts.programDigest)},
                       {"engine", orNull(engineDigest)},
                       {"timing_cache", orNull(facts.timingCacheDigest)}}},
                     {"argv", facts.argv},
                     {"options", facts.options},
                     {"settings", Json::parse(facts.settings)}};
  std::string text = dump(head);
  text.back() = ',';
  text += "\"points\":[";
  for (auto const& point : points) text += (&point == &points.front() ? "\n" : ",\n") + point;
  return text + "]}\n";
}

}  // namespace profiler::driver
