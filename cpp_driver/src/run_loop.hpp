/// Runs the points of a sweep one after the other; a bad point is recorded and the sweep goes on.
#pragma once

#include <memory>
#include <vector>

#include "measurement.hpp"
#include "options.hpp"
#include "tensorrt_backend.hpp"

namespace profiler::driver {

class RunLoop {
 public:
  RunLoop(Options const& options, Device& device, Nvml const& nvml) : mOptions(options), mDevice(device), mNvml(nvml) {}

  /// Loads TensorRT when one of the points needs it. Throws Error for what concerns every point: no TensorRT, no plugin library.
  void prepare(std::vector<PointRequest> const& points);
  /// Runs one point; whatever goes wrong with it is in the result.
  PointResult run(PointRequest const& request, std::size_t number);
  /// The TensorRT backend; null when no point needs it.
  TensorrtBackend const* tensorrt() const { return mTensorrt.get(); }

 private:
  std::unique_ptr<Workload> makeWorkload(PointRequest const& request);

  Options const& mOptions;
  Device& mDevice;
  Nvml const& mNvml;
  std::shared_ptr<TensorrtBackend> mTensorrt;
};

}  // namespace profiler::driver
