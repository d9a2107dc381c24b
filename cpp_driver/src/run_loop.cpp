#include "run_loop.hpp"

#include <algorithm>

#include "direct_engine.hpp"
#include "error.hpp"
#include "profiler/nvtx.hpp"
#include "stream_check.hpp"
#include "sweep.hpp"

namespace profiler::driver {
namespace {

constexpr std::size_t kMaxPlainSets = 16384;
constexpr std::size_t kMaxGraphSets = 256;  // each set has a graph of its own

MeasureMode chooseMode(MeasureMode asked, Execution const& execution) {
  bool const manyLanes = execution.threads * execution.streams > 1;
  if (asked != MeasureMode::kAuto) return asked;
  return manyLanes ? MeasureMode::kThroughput : MeasureMode::kIsolated;
}

/// The lanes of each thread, with filled buffers.
Lanes makeLanes(Workload& workload, PointResult const& result, Options const& options, GpuDescription const& gpu) {
  unsigned int const flags = options.blockingStreams ? cudaStreamDefault : cudaStreamNonBlocking;
  Execution const& execution = result.request.execution;
  Lanes threads(static_cast<std::size_t>(execution.threads));
  for (auto& lanes : threads) {
    for (int stream = 0; stream < execution.streams; ++stream) {
      BufferRing ring(workload.tensors(), *result.cachePlan, gpu.l2CacheBytes);
      lanes.push_back(std::make_unique<Lane>(workload.makeExecutor(), std::move(ring), flags));
      lanes.back()->ring().fill(options.seed + result.number, lanes.back()->stream());
    }
  }
  CUDA_CHECK(cudaDeviceSynchronize());
  return threads;
}

/// Runs one iteration of every lane on poisoned outputs and compares each with the reference; the first failure is the answer.
std::optional<Verification> verifyLanes(Lanes& threads, Reference const* reference, std::uint64_t seed,
                                        ToleranceOverride const& tolerance) {
  std::optional<Verification> answer;
  for (auto& lanes : threads) {
    for (auto& lane : lanes) {
      lane->ring().poisonOutputs(0, lane->stream());
      CUDA_CHECK(cudaStreamSynchronize(lane->stream()));
      lane->enqueueOn(0);
      CUDA_CHECK(cudaDeviceSynchronize());
      if (!reference) continue;
      Verification const found = verifyOutputs(lane->ring(), 0, *reference, seed, tolerance);
      if (!answer || (answer->passed && !found.passed)) answer = found;
    }
  }
  return answer;
}

/// What the measured iterations wrote must be right too: graphs, rotated buffers and lanes that ran at the same time are covered by
/// no check before. Every set that was used and differs in a byte from the verified output is compared with the reference. Returns the
/// first wrong one.
std::optional<Verification> findWrongSet(Lanes& threads, std::vector<DeviceMemory> const& verified, Reference const& reference,
                                         std::uint64_t seed, ToleranceOverride const& tolerance) {
  CUDA_CHECK(cudaDeviceSynchronize());
  for (auto& lanes : threads) {
    for (auto& lane : lanes) {
      for (std::size_t const set : lane->ring().setsUnlike(verified, lane->usedSets(), lane->stream())) {
        Verification const found = verifyOutputs(lane->ring(), set, reference, seed, tolerance);
        if (!found.passed) return found;
      }
    }
  }
  return std::nullopt;
}

std::string wrongOutputReason(Verification const& verification) {
  return std::to_string(verification.failedCount) + " of " + std::to_string(verification.elementCount) + " elements of " +
         verification.worstTensor + " differ from the reference by more than the tolerance";
}

/// Marks the result as wrong; samples that were taken are void.
void voidResult(PointResult& result, std::string const& reason) {
  result.status = PointStatus::kWrongOutput;
  result.reason = reason;
  result.measurement.reset();
}

Measurement measure(Lanes& threads, Point const& point, PointResult const& result, TimingRequest const& timing, Options const& options) {
  if (result.request.execution.launch == LaunchMode::kGraph) {
    auto const range = setup();
    for (auto& lanes : threads) {
      for (auto& lane : lanes) lane->captureGraphs();
    }
  }
  if (result.isolated) return measureIsolated(*threads[0][0], point, timing);
  std::vector<std::vector<Lane*>> pointers;
  for (auto& lanes : threads) {
    pointers.emplace_back();
    for (auto& lane : lanes) pointers.back().push_back(lane.get());
  }
  return measureThroughput(pointers, timing, options.device);
}

/// An engine file knows its own shape and type; the first input stands for them where the point does not state them.
void fillFromTensors(PointResult& result) {
  if (result.tensors.empty()) return;
  TensorSpec const& first = result.tensors.front();
  if (!result.request.shape) result.request.shape = first.shape;
  if (!result.request.type) result.request.type = floatType(first.type);
}

bool contextIsDead() {
  cudaGetLastError();
  return cudaDeviceSynchronize() != cudaSuccess;
}

}  // namespace

char const* pointStatusName(PointStatus status) {
  switch (status) {
    case PointStatus::kOk: return "ok";
    case PointStatus::kFailed: return "failed";
    case PointStatus::kWrongOutput: return "wrong_output";
    default: return "skipped";
  }
}

void RunLoop::prepare(std::vector<PointRequest> const& points) {
  bool const needed = !mOptions.direct && std::any_of(points.begin(), points.end(), [](auto const& point) { return point.op != kCopyOp; });
  if (!needed) return;
  auto const range = setup();
  mTensorrt = loadTensorrtBackend(mOptions, mGpu);
}

std::unique_ptr<Workload> RunLoop::makeWorkload(PointRequest const& request) {
  if (request.op == kCopyOp) return makeCopyWorkload(request);
  if (mOptions.direct) return makeDirectWorkload(request);
  return mTensorrt->makeWorkload(request);
}

void RunLoop::runInto(PointResult& result) {
  Execution const& execution = result.request.execution;
  result.isolated = chooseMode(mOptions.measure, execution) == MeasureMode::kIsolated;
  if (result.isolated && execution.threads * execution.streams > 1) throw Unsupported("isolated measuring takes one thread and one stream");
  std::unique_ptr<Workload> workload;
  Lanes threads;
  {
    auto const range = setup();
    workload = makeWorkload(result.request);
    result.engineName = workload->engineName();
    result.tensors = workload->tensors();
    fillFromTensors(result);
    result.bytesPerIteration = workload->bytesPerIteration();
    result.launch = workload->launch();
    result.layers = workload->layers();
    result.engine = workload->engine();
    std::size_t const mostSets = execution.launch == LaunchMode::kGraph ? kMaxGraphSets : kMaxPlainSets;
    std::size_t const setBytes = bufferSetBytes(result.tensors);
    auto const lanes = static_cast<std::size_t>(execution.threads) * static_cast<std::size_t>(execution.streams);
    result.cachePlan = planCache(execution.cache, setBytes, mGpu.l2CacheBytes, std::min(mostSets, setsThatFit(setBytes, lanes)));
    threads = makeLanes(*workload, result, mOptions, mGpu);
  }
  checkAndMeasure(*workload, threads, result);
}

void RunLoop::checkAndMeasure(Workload const& workload, Lanes& threads, PointResult& result) {
  std::uint64_t const seed = mOptions.seed + result.number;
  ToleranceOverride const tolerance{mOptions.toleranceAbs, mOptions.toleranceRel};
  Reference const* reference = mOptions.verify ? workload.reference() : nullptr;
  Point const point(result.request.label, static_cast<std::uint64_t>(*result.bytesPerIteration));
  std::vector<DeviceMemory> verified;
  {
    auto const range = point.verify();
    Lane& first = *threads[0][0];
    result.verification = verifyLanes(threads, reference, seed, tolerance);
    if (reference) verified = first.ring().copyOutputs(0, first.stream());
    result.outputs = recordOutputs(first.ring(), 0, result.number, {mOptions.outputDigest, mOptions.saveOutput, mOptions.compareOutput});
    result.keepsToStream = checkKeepsToStream(first);
  }
  if (result.verification && !result.verification->passed) return voidResult(result, wrongOutputReason(*result.verification));
  for (auto const& output : result.outputs) {
    if (!output.comparison || output.comparison->identical) continue;
    return voidResult(result, std::to_string(output.comparison->differentElements) + " elements of " + output.tensor + " differ from " +
                                  output.comparison->file);
  }
  if (result.keepsToStream == false && !mOptions.blockingStreams) {
    throw Error(ExitCode::kRunFailed,
                "work runs outside the stream it was given, so events do not time it; measure it with --stream-flag blocking");
  }
  result.before = mNvml.state();
  bool const isGraph = result.request.execution.launch == LaunchMode::kGraph;
  std::int64_t const launches = isGraph || !result.layers ? 1 : std::max<std::int64_t>(1, static_cast<std::int64_t>(result.layers->size()));
  result.measurement =
      measure(threads, point, result, {result.request.label, *result.bytesPerIteration, mOptions.warmup, mOptions.stop, launches}, mOptions);
  result.after = mNvml.state();
  result.status = PointStatus::kOk;
  if (!reference) return;
  auto const range = point.verify();
  if (auto const wrong = findWrongSet(threads, verified, *reference, seed, tolerance)) {
    result.verification = wrong;
    voidResult(result, "in a measured iteration " + wrongOutputReason(*wrong));
  }
}

PointResult RunLoop::run(PointRequest const& request, std::size_t number) {
  PointResult result;
  result.request = request;
  result.number = number;
  auto const record = [&](PointStatus status, std::string const& reason) {
    result.status = status;
    result.reason = reason;
    result.measurement.reset();
  };
  try {
    runInto(result);
  } catch (Unsupported const& unsupported) {
    record(PointStatus::kSkipped, unsupported.what());
  } catch (Error const& error) {
    record(PointStatus::kFailed, error.hint().empty() ? error.what() : std::string(error.what()) + "; " + error.hint());
  } catch (std::exception const& error) {
    record(PointStatus::kFailed, error.what());
  }
  if (result.status == PointStatus::kOk) return result;
  result.deviceLost = contextIsDead();
  // a plugin that faults while TensorRT times it only makes the build fail
  if (result.deviceLost && result.status == PointStatus::kSkipped) {
    record(PointStatus::kFailed, "the GPU context was lost: " + result.reason.value_or(""));
  }
  return result;
}

}  // namespace profiler::driver
