/// A deserialised engine as a workload: checks shapes, makes execution contexts and enqueues them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine_store.hpp"
#include "measurement.hpp"

namespace profiler::driver::trt {

/// Engine and runtime, shared by all points and lanes that execute the same plan.
struct LoadedEngine {
  Owned<nvinfer1::IRuntime> runtime;
  Owned<nvinfer1::ICudaEngine> engine;  ///< Goes before its runtime.
  Json facts;                           ///< Members `layers` and `engine_…` of a point's record.
};

/// Deserialises a plan. Throws Unsupported with TensorRT's words when it cannot (another version, a missing plugin).
std::shared_ptr<LoadedEngine> loadEngine(Plan plan, Library const& tensorrt, Log& log);

/// Makes the workload run the engine: its tensors, executors and facts. Throws Unsupported for a shape outside the optimisation profile,
/// and for tensors the driver cannot feed.
///
/// Args:
///   shape: of every input without a shape of its own.
///   inputShapes: of inputs by name.
void runEngine(Workload& workload, std::shared_ptr<LoadedEngine> const& engine, std::optional<Extents> const& shape,
               std::map<std::string, Extents> const& inputShapes, Log& log);

}  // namespace profiler::driver::trt
