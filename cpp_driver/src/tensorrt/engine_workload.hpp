/// A deserialised engine as a workload: checks shapes, makes execution contexts and enqueues them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine_store.hpp"
#include "workload.hpp"

namespace profiler::driver::trt {

/// Engine and runtime, shared by all points and lanes that execute the same plan.
struct LoadedEngine {
  Owned<nvinfer1::IRuntime> runtime;
  Owned<nvinfer1::ICudaEngine> engine;  ///< Goes before its runtime.
  EngineFacts facts;
  std::optional<std::vector<LayerDescription>> layers;
};

/// Deserialises a plan. Throws Unsupported with TensorRT's words when it cannot (another version, a missing plugin).
std::shared_ptr<LoadedEngine> loadEngine(Plan plan, Library const& tensorrt, Log& log);

/// What a point adds to an engine.
struct EngineUse {
  char const* engineName = "tensorrt";
  std::optional<Extents> shape;  ///< Of every input without a shape of its own.
  std::map<std::string, Extents> inputShapes;
  std::unique_ptr<Reference> reference;  ///< May be null.
  std::optional<LaunchDescription> launch;
};

/// Throws Unsupported for a shape outside the optimisation profile, and for tensors the driver cannot feed.
std::unique_ptr<Workload> makeEngineWorkload(std::shared_ptr<LoadedEngine> engine, EngineUse use, Log& log);

}  // namespace profiler::driver::trt
