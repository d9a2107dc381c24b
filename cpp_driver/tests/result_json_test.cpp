// Prints a result document with awkward content; check_result_json.py reads it back with Python's own parser.
#include <cstdio>
#include <limits>

#include "contract/op_json.hpp"
#include "contract/registry.hpp"
#include "measurement.hpp"
#include "session.hpp"

namespace {

using namespace profiler::driver;
using profiler::plugins::ElementType;

Json launch() {
  profiler::plugins::LaunchConfig config;
  config.kernel = "swish_scalar_kernel";
  config.grid[0] = 16384;
  config.block[0] = 256;
  config.resolved = profiler::plugins::Attributes(profiler::plugins::findOp("swish")->info().fields);
  return profiler::plugins::launchFacts(config);
}

PointResult measuredPoint() {
  PointResult result;
  result.request = makePoint(
      {{"op", "swish"}, {"shape", "65536x1024"}, {"dtype", "fp16"}, {"block", "256"}, {"beta", "1.5"}, {"variant", "scalar"}}, {});
  result.status = PointStatus::kOk;
  Workload workload;
  workload.engine = "direct";
  workload.bytesPerIteration = 268435456;
  workload.tensors = {{"input0", {65536, 1024}, ElementType::kFloat16, true}, {"output0", {65536, 1024}, ElementType::kFloat16, false}};
  workload.facts = {{"launch", launch()}, {"engine_digest", "sha256:00"}, {"engine_origin", "cache"}};
  result.workload = workload;
  Verification verification{Accuracy(ElementType::kFloat16, {1e-7, 0x1p-10}), workload.tensors[1], 1};
  verification.accuracy.add(12 * 1024 + 7, std::numeric_limits<double>::quiet_NaN(), 0.1);
  result.verification = verification;
  result.cachePlan = CachePlan{2, false};
  result.keepsToStream = true;
  result.measurement = Measurement{{{0, 0, {128000, 128100}, {4100, 4000}}, {1, 0, {128200}, {4200}}}, 10, std::nullopt, "stable"};
  result.before.smClockHz = 1980000000;
  return result;
}

PointResult failedPoint() {
  PointResult result;
  result.request = makePoint({{"op", "copy"}, {"shape", "1"}, {"dtype", "fp32"}, {"odd/key", "<\"&\">\n\xFF"}}, {});
  result.number = 1;
  result.status = PointStatus::kFailed;
  result.reason = "cudaMalloc: \"out of memory\"\n\\";
  return result;
}

}  // namespace

int main() {
  DeviceFacts gpu;
  gpu.name = "NVIDIA H200";
  gpu.uuid = "GPU-00000000-0000-0000-0000-000000000000";
  gpu.driverVersion = "13.0";
  std::string const document = documentText(documentHead({}, gpu, "580.1", {"profiler-driver", "--set", "a=\"b\""}),
                                            {PointRecord(pointJson(measuredPoint())), PointRecord(pointJson(failedPoint()))});
  std::fputs(document.c_str(), stdout);
  return 0;
}
