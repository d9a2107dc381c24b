#include "measurement.hpp"

#include <algorithm>

#include "error.hpp"
#include "stream_check.hpp"

namespace profiler::core {
namespace {

/// Thread by thread, as many of each.
using Lanes = std::vector<Lane>;

constexpr std::size_t kMaxPlainSets = 16384;
constexpr std::size_t kMaxGraphSets = 256;  // each set has a graph of its own

/// The lanes, with filled buffers.
Lanes makeLanes(MeasureContext const& context, PointResult const& result, CachePlan const& plan) {
  Execution const& execution = result.request.execution;
  Lanes lanes;
  for (int made = 0; made < execution.threads * execution.streams; ++made) {
    BufferRing ring(context.device, result.workload->tensors, plan);
    lanes.emplace_back(result.workload->makeExecutor(), std::move(ring), context.settings.blockingStreams);
    lanes.back().ring().fill(context.settings.seed + result.number, lanes.back().stream());
  }
  context.device.synchronize();
  return lanes;
}

std::string wrongOutputReason(Verification const& verification) {
  Accuracy const& found = verification.accuracy;
  return std::to_string(found.failedCount()) + " of " + std::to_string(found.count()) + " elements of " + verification.tensor.name +
         " differ from the reference by more than the tolerance";
}

/// Ends a point that gives no times; samples that were taken are void.
void voidResult(PointResult& result, PointStatus status, std::string const& reason) {
  result.status = status;
  result.reason = reason;
  result.measurement.reset();
}

Measurement measureLanes(Lanes& lanes, PointResult const& result, TimingRequest const& timing) {
  if (result.request.execution.launch == LaunchMode::kGraph) {
    Range const range(timing.ranges, RangeKind::kSetup);
    for (Lane& lane : lanes) lane.captureGraphs();
  }
  return result.isolated ? measureIsolated(lanes.front(), timing) : measureThroughput(lanes, result.request.execution.threads, timing);
}

/// An engine file knows its own shape and type; the first input stands for them where the point does not state them.
void fillFromTensors(PointResult& result) {
  if (result.workload->tensors.empty()) return;
  TensorSpec const& first = result.workload->tensors.front();
  if (!result.request.shape) result.request.shape = first.shape;
  if (!result.request.type && isFloat(first.type)) result.request.type = first.type;
}

/// One point on its way from the engine to the result.
class PointRun {
 public:
  PointRun(MeasureContext const& context, PointResult& result) : mContext(context), mResult(result), mSettings(context.settings) {}

  void run(std::function<Workload()> const& makeWorkload) {
    prepare(makeWorkload);
    Range const point(mContext.ranges, RangeKind::kPoint, mResult.request.label.c_str());
    check();
    if (mResult.status == PointStatus::kWrongOutput) return;
    measure();
    checkMeasured();
    if (!mSettings.timed && mResult.measurement) mResult.measurement->lanes.clear();
  }

 private:
  void prepare(std::function<Workload()> const& makeWorkload) {
    Execution const& execution = mResult.request.execution;
    auto const lanes = static_cast<std::size_t>(execution.threads) * static_cast<std::size_t>(execution.streams);
    mResult.isolated = mSettings.measure == MeasureMode::kAuto ? lanes == 1 : mSettings.measure == MeasureMode::kIsolated;
    if (mResult.isolated && lanes > 1) throw Unsupported("isolated measuring takes one thread and one stream");
    bool const isGraph = execution.launch == LaunchMode::kGraph;
    if (mContext.device.isHost() && (lanes > 1 || isGraph)) throw Unsupported("the host has no CUDA graphs, streams or launching threads");
    Range const range(mContext.ranges, RangeKind::kSetup);
    Workload& workload = mResult.workload.emplace(makeWorkload());
    fillFromTensors(mResult);
    if (!workload.bytesPerIteration) {
      workload.bytesPerIteration = 0;
      for (auto const& tensor : workload.tensors) *workload.bytesPerIteration += static_cast<std::int64_t>(tensor.sizeBytes());
    }
    std::size_t const setBytes = bufferSetBytes(workload.tensors);
    std::size_t const mostSets = std::min(isGraph ? kMaxGraphSets : kMaxPlainSets, mContext.device.freeBytes() / lanes / setBytes);
    CachePlan const plan = planCache(execution.cache, setBytes, mContext.device.facts().l2CacheBytes, mostSets);
    mResult.cachePlan = plan;
    mLanes = makeLanes(mContext, mResult, plan);
    mReference = mSettings.verify && workload.reference ? &*workload.reference : nullptr;
  }

  /// Runs one iteration of every lane on poisoned outputs and compares each with the reference; the first failure is the answer.
  std::optional<Verification> verifyLanes() {
    std::optional<Verification> answer;
    for (Lane& lane : mLanes) {
      lane.ring().poisonOutputs(0, lane.stream());
      lane.synchronize();
      lane.enqueueOn(0);
      mContext.device.synchronize();
      if (!mReference) continue;
      Verification const found = compare(lane, 0);
      if (!answer || (answer->accuracy.passed() && !found.accuracy.passed())) answer = found;
    }
    return answer;
  }

  /// Verifies every lane, records outputs and looks at the stream, before any time counts.
  void check() {
    {
      Range const range(mContext.ranges, RangeKind::kVerify);
      Lane& first = mLanes.front();
      mResult.verification = verifyLanes();
      if (mReference) mVerified = first.ring().copyOutputs(0, first.stream());
      mResult.outputs = recordOutputs(first.ring(), 0, mResult.number, mContext.outputs);
      if (mSettings.timed) mResult.keepsToStream = checkKeepsToStream(first);
    }
    if (mResult.verification && !mResult.verification->accuracy.passed())
      return voidResult(mResult, PointStatus::kWrongOutput, wrongOutputReason(*mResult.verification));
    for (auto const& output : mResult.outputs) {
      Json const& compared = output["comparison"];
      if (!compared.is_null() && !compared["identical"]) {
        return voidResult(mResult, PointStatus::kWrongOutput,
                          dump(compared["different_elements"]) + " elements of " + output["tensor"].get<std::string>() + " differ from " +
                              compared["file"].get<std::string>());
      }
    }
    if (mResult.keepsToStream == false && !mSettings.blockingStreams) {
      throw Error(ExitCode::kRunFailed, "work runs outside the stream it was given, so events do not time it",
                  "launch on the given stream, or measure with --stream-flag blocking");
    }
  }

  void measure() {
    bool const isGraph = mResult.request.execution.launch == LaunchMode::kGraph;
    Workload const& workload = *mResult.workload;
    TimingRequest const timing{mContext.ranges,  mResult.request.label, *workload.bytesPerIteration,
                               mSettings.warmup, mSettings.stop,        isGraph ? 1 : workload.launchesPerIteration,
                               mSettings.timed,  mContext.isCancelled};
    mResult.before = mContext.nvml.state();
    mResult.measurement = measureLanes(mLanes, mResult, timing);
    mResult.after = mContext.nvml.state();
    mResult.status = PointStatus::kOk;
  }

  /// What the measured iterations wrote must be right too: graphs, rotated buffers and lanes that ran at the same time are covered by
  /// no check before. Every set that was used and differs in a byte from the verified output is compared with the reference, up to the
  /// first wrong one.
  void checkMeasured() {
    if (!mReference) return;
    Range const range(mContext.ranges, RangeKind::kVerify);
    mContext.device.synchronize();
    for (Lane& lane : mLanes) {
      for (std::size_t const set : lane.ring().setsUnlike(mVerified, lane.usedSets(), lane.stream())) {
        Verification const found = compare(lane, set);
        if (found.accuracy.passed()) continue;
        mResult.verification = found;
        return voidResult(mResult, PointStatus::kWrongOutput, "in a measured iteration " + wrongOutputReason(found));
      }
    }
  }

  Verification compare(Lane& lane, std::size_t set) const {
    return verifyOutputs(lane.ring(), set, *mReference, mSettings.seed + mResult.number, mSettings.tolerance);
  }

  MeasureContext const& mContext;
  PointResult& mResult;
  Settings const& mSettings;
  Lanes mLanes;
  Reference const* mReference = nullptr;
  std::vector<Handle> mVerified;
};

}  // namespace

PointResult measurePoint(MeasureContext const& context, PointRequest const& request, std::size_t number,
                         std::function<Workload()> const& makeWorkload) {
  PointResult result;
  result.request = request;
  result.number = number;
  result.onHost = context.device.isHost();
  try {
    PointRun(context, result).run(makeWorkload);
  } catch (Unsupported const& unsupported) {
    voidResult(result, PointStatus::kSkipped, unsupported.what());
  } catch (Error const& error) {
    voidResult(result, PointStatus::kFailed, error.hint().empty() ? error.what() : std::string(error.what()) + "; " + error.hint());
  } catch (std::exception const& error) {
    voidResult(result, PointStatus::kFailed, error.what());
  }
  if (result.status == PointStatus::kOk) return result;
  result.deviceLost = context.device.isLost();
  // a plugin that faults while TensorRT times it only makes the build fail
  if (result.deviceLost && result.status == PointStatus::kSkipped) {
    voidResult(result, PointStatus::kFailed, "the GPU context was lost: " + result.reason.value_or(""));
  }
  return result;
}

}  // namespace profiler::core
