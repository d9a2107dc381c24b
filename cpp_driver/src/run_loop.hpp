/// Runs the points of a sweep one after the other; a bad point is recorded and the sweep goes on.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "device_info.hpp"
#include "nvml.hpp"
#include "options.hpp"
#include "tensorrt_backend.hpp"
#include "timing.hpp"
#include "verification.hpp"

namespace profiler::driver {

enum class PointStatus { kOk, kFailed, kWrongOutput, kSkipped };
char const* pointStatusName(PointStatus status);

/// Everything that is known about one point after it ran.
struct PointResult {
  PointRequest request;
  std::size_t number = 0;
  std::string engineName;
  PointStatus status = PointStatus::kFailed;
  std::optional<std::string> reason;
  std::vector<TensorSpec> tensors;
  std::optional<std::int64_t> bytesPerIteration;
  std::optional<LaunchDescription> launch;
  std::optional<std::vector<LayerDescription>> layers;
  std::optional<EngineFacts> engine;
  std::optional<Verification> verification;
  std::vector<OutputRecord> outputs;
  std::optional<CachePlan> cachePlan;
  std::optional<bool> keepsToStream;  ///< False: work escaped the given stream; absent: could not be told.
  bool isolated = true;
  std::optional<Measurement> measurement;
  GpuState before, after;
  bool deviceLost = false;  ///< The CUDA context is unusable; only a new process can go on.
};

/// The lanes of each thread.
using Lanes = std::vector<std::vector<std::unique_ptr<Lane>>>;

class RunLoop {
 public:
  RunLoop(Options const& options, GpuDescription const& gpu, Nvml const& nvml) : mOptions(options), mGpu(gpu), mNvml(nvml) {}

  /// Loads TensorRT when one of the points needs it. Throws Error for what concerns every point: no TensorRT, no plugin library.
  void prepare(std::vector<PointRequest> const& points);
  /// Runs one point; whatever goes wrong with it is in the result.
  PointResult run(PointRequest const& request, std::size_t number);

  /// The TensorRT backend; null when no point needs it.
  TensorrtBackend const* tensorrt() const { return mTensorrt.get(); }

 private:
  std::unique_ptr<Workload> makeWorkload(PointRequest const& request);
  void runInto(PointResult& result);
  void checkAndMeasure(Workload const& workload, Lanes& threads, PointResult& result);

  Options const& mOptions;
  GpuDescription const& mGpu;
  Nvml const& mNvml;
  std::shared_ptr<TensorrtBackend> mTensorrt;
};

}  // namespace profiler::driver
