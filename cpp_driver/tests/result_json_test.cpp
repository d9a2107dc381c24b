// Prints a result document with awkward content; check_result_json.py reads it back with Python's own parser.
#include "result_json.hpp"

#include <cstdio>
#include <limits>

#include "engine_facts.hpp"
#include "json.hpp"

namespace {

using namespace profiler::driver;

PointResult measuredPoint() {
  PointResult result;
  result.request = makePoint(
      {{"op", "swish"}, {"shape", "65536x1024"}, {"dtype", "fp16"}, {"block", "256"}, {"beta", "1.5"}, {"variant", "scalar"}}, {});
  result.engineName = "direct";
  result.status = PointStatus::kOk;
  result.bytesPerIteration = 268435456;
  result.tensors = {{"input0", {65536, 1024}, TensorType::kFloat16, true}, {"output0", {65536, 1024}, TensorType::kFloat16, false}};
  LaunchDescription const launch{
      "swish_scalar_kernel", "_Z19swish_scalar_kernelv", {16384, 1, 1}, {256, 1, 1}, 0, 4, 16, {{"block", "256"}, {"variant", "scalar"}},
      std::nullopt};
  Verification verification;
  verification.elementCount = 67108864;
  verification.maxAbs = 1.2e-7;
  verification.worstTensor = "output0";
  verification.worstIndex = Extents{12, 7};
  verification.worstExpected = 0.1;
  verification.worstActual = std::numeric_limits<double>::quiet_NaN();
  verification.tolerance = {1e-7, 0x1p-10};
  result.verification = verification;
  result.cachePlan = CachePlan{2, false};
  result.keepsToStream = true;
  result.measurement = Measurement{{{0, 0, {128000, 128100}, {4100, 4000}}, {1, 0, {128200}, {4200}}}, 10, std::nullopt, "stable"};
  result.before.smClockHz = 1980000000;
  std::vector<LayerDescription> const layers{
      {"Reformatting CopyNode for Input Tensor 0 to swish", "Reformat", {"Row major linear FP32"}, {"Row major linear FP16 format"}, true}};
  result.facts = factsJson(launch, layers, EngineFacts{"sha256:00", "cache", "sha256:11", std::nullopt, 9000});
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
  DocumentFacts facts;
  facts.argv = {"profiler-driver", "--set", "a=\"b\""};
  facts.options = {{"set", {"a=\"b\""}}};
  DeviceFacts gpu;
  gpu.name = "NVIDIA H200";
  gpu.uuid = "GPU-00000000-0000-0000-0000-000000000000";
  gpu.driverVersion = "13.0";
  facts.gpu = gpu;
  std::string const document =
      documentJson(facts, "direct", std::nullopt, {dump(pointJson(measuredPoint())), dump(pointJson(failedPoint()))});
  std::fputs(document.c_str(), stdout);
  return 0;
}
