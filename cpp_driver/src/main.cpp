/// Entry point: picks the subcommand and is the only place that turns exceptions into exit codes.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "cuda_check.hpp"
#include "error.hpp"
#include "options.hpp"
#include "program_version.hpp"
#include "session.hpp"
#include "sweep.hpp"
#include "tensorrt_backend.hpp"

namespace {

using namespace profiler::driver;
using profiler::core::CudaError;

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

int fail(ExitCode code, std::string const& message, std::string const& hint) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  if (!hint.empty()) std::fprintf(stderr, "fix: %s\n", hint.c_str());
  return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(run({argv, argv + argc}));
  } catch (Error const& error) {
    return fail(error.code(), error.what(), error.hint());
  } catch (CudaError const& error) {
    return fail(ExitCode::kRunFailed, error.what(), "see that the GPU is healthy and free: nvidia-smi");
  } catch (std::exception const& error) {
    return fail(ExitCode::kInternal, std::string("internal: ") + error.what(),
                "this is a defect of profiler-driver; please report it with the command line");
  }
}
