/// Entry point: picks the subcommand and is the only place that turns exceptions into exit codes.
#include <cstdio>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "error.hpp"
#include "options.hpp"
#include "program_version.hpp"
#include "session.hpp"
#include "sweep.hpp"
#include "tensorrt_backend.hpp"

namespace {

using namespace profiler::driver;

void printVersion() {
  std::printf("profiler-driver %s\nCUDA runtime %s\n", kProgramVersion, builtRuntimeVersion().c_str());
  std::string majors;
  for (int const major : builtTensorrtMajors()) majors += " " + std::to_string(major);
  std::printf("TensorRT modules:%s\n", majors.empty() ? " none" : majors.c_str());
}

void printPoints(std::vector<PointRequest> const& points) {
  for (auto const& point : points) std::printf("%s\n", point.label.c_str());
  std::fprintf(stderr, "%zu points\n", points.size());
}

ExitCode run(std::vector<std::string> const& argv) {
  Options const options = parseOptions({argv.begin() + 1, argv.end()});
  if (options.help) {
    std::fputs(helpText().c_str(), stdout);
  } else if (options.version) {
    printVersion();
  } else if (options.list) {
    std::fputs(!options.json.empty() ? listJson().c_str() : listText().c_str(), stdout);
  } else {
    auto const points = expandSweep(options);
    refuseUnrunnable(points, options);
    if (!options.dryRun) return runSession(options, points, argv);
    printPoints(points);
  }
  return ExitCode::kOk;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(run({argv, argv + argc}));
  } catch (...) {
    Error const error = currentError();
    std::fprintf(stderr, "error: %s\n", error.what());
    if (!error.hint().empty()) std::fprintf(stderr, "fix: %s\n", error.hint().c_str());
    return static_cast<int>(error.code());
  }
}
