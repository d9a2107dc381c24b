/// A deserialised engine as a workload: checks shapes, makes execution contexts and enqueues them.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine_store.hpp"
#include "error.hpp"
#include "layers.hpp"
#include "measurement.hpp"

namespace profiler::driver::trt {

using nvinfer1::ICudaEngine;
using nvinfer1::IExecutionContext;
using nvinfer1::OptProfileSelector;

/// Engine and runtime, shared by all points and lanes that execute the same plan.
struct LoadedEngine {
  Owned<nvinfer1::IRuntime> runtime;
  Owned<nvinfer1::ICudaEngine> engine;  ///< Goes before its runtime.
  Json facts;                           ///< Members `layers` and `engine_…` of a point's record.
};

/// Whether the shape is fixed, in which case `shape` must equal it, or lies in the profile; throws Unsupported otherwise.
inline void requireInProfile(ICudaEngine const& engine, char const* name, Extents const& shape) {
  Extents const low = extentsOf(engine.getProfileShape(name, 0, OptProfileSelector::kMIN));
  Extents const high = extentsOf(engine.getProfileShape(name, 0, OptProfileSelector::kMAX));
  bool inside = shape.size() == low.size() && shape.size() == high.size();
  for (std::size_t i = 0; inside && i < shape.size(); ++i) inside = low[i] <= shape[i] && shape[i] <= high[i];
  if (!inside) {
    throw Unsupported("shape " + formatShape(shape) + " of input '" + name + "' lies outside the engine's optimisation profile " +
                      formatShape(low) + " to " + formatShape(high));
  }
}

/// Shape that an input gets: fixed by the engine, or from the point.
inline Extents chooseShape(ICudaEngine const& engine, char const* name, std::optional<Extents> const& shape,
                           std::map<std::string, Extents> const& inputShapes) {
  Extents own = extentsOf(engine.getTensorShape(name));
  bool const isDynamic = std::find(own.begin(), own.end(), -1) != own.end();
  auto const named = inputShapes.find(name);
  std::optional<Extents> const asked = named != inputShapes.end() ? std::optional(named->second) : shape;
  if (isDynamic) {
    if (!asked) throw Unsupported(std::string("input '") + name + "' has a dynamic shape; give --shape or --input-shape " + name + ":DIMS");
    requireInProfile(engine, name, *asked);
    return *asked;
  }
  if (asked && *asked != own)
    throw Unsupported("the engine's input '" + std::string(name) + "' has the fixed shape " + formatShape(own) + ", not " +
                      formatShape(*asked));
  return own;
}

inline TensorSpec describeTensor(ICudaEngine const& engine, char const* name, bool isInput) {
  auto const type = elementTypeOf(engine.getTensorDataType(name));
  if (!type) throw Unsupported(std::string("tensor '") + name + "' has a type that the driver cannot feed");
  if (engine.getTensorLocation(name) == nvinfer1::TensorLocation::kHOST)
    throw Unsupported(std::string("tensor '") + name + "' is a shape tensor in host memory");
  if (engine.getTensorFormat(name) != nvinfer1::TensorFormat::kLINEAR)
    throw Unsupported(std::string("tensor '") + name + "' is not in linear format");
  return {name, {}, *type, isInput};
}

inline std::unique_ptr<IExecutionContext> makeContext(ICudaEngine& engine, std::vector<TensorSpec> const& tensors, Log& log) {
  std::unique_ptr<IExecutionContext> context(engine.createExecutionContext());
  if (!context) throw Error(ExitCode::kRunFailed, "TensorRT made no execution context: " + log.takeMessages());
  for (auto const& tensor : tensors) {
    if (tensor.isInput && !context->setInputShape(tensor.name.c_str(), requireDims(tensor.shape))) {
      throw Unsupported("TensorRT refused the shape " + formatShape(tensor.shape) + ": " + log.takeMessages());
    }
  }
  return context;
}

[[noreturn]] inline void failCall(char const* call, Log& log) {
  throw Error(ExitCode::kRunFailed, std::string("TensorRT: ") + call + " failed: " + log.takeMessages());
}

inline Executor makeExecutor(std::shared_ptr<LoadedEngine> const& engine, std::vector<TensorSpec> const& tensors, Log& log) {
  std::shared_ptr<IExecutionContext> const context = makeContext(*engine->engine, tensors, log);
  auto const bind = [engine, context, tensors, &log](Addresses const& addresses) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (!context->setTensorAddress(tensors[i].name.c_str(), addresses[i])) failCall("setTensorAddress", log);
    }
  };
  auto const enqueue = [context, &log](void* stream) {
    if (!context->enqueueV3(static_cast<cudaStream_t>(stream))) failCall("enqueueV3", log);
  };
  return {bind, enqueue};
}

inline bool isInput(ICudaEngine const& engine, char const* name) { return engine.getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT; }

inline void refuseUnknownInputs(ICudaEngine const& engine, std::map<std::string, Extents> const& inputShapes) {
  std::vector<std::string> inputs;
  for (int i = 0; i < engine.getNbIOTensors(); ++i) {
    if (isInput(engine, engine.getIOTensorName(i))) inputs.emplace_back(engine.getIOTensorName(i));
  }
  for (auto const& [name, shape] : inputShapes) {
    if (std::find(inputs.begin(), inputs.end(), name) == inputs.end())
      throw Unsupported("--input-shape: the engine has no input '" + name + "'" + didYouMean(name, inputs));
  }
}

/// Deserialises a plan. Throws Unsupported with TensorRT's words when it cannot (another version, a missing plugin).
inline std::shared_ptr<LoadedEngine> loadEngine(Plan plan, Library const& tensorrt, Log& log) {
  log.takeMessages();
  auto loaded = std::make_shared<LoadedEngine>();
  loaded->runtime = tensorrt.createRuntime();
  loaded->engine.reset(loaded->runtime->deserializeCudaEngine(plan.bytes.data(), plan.bytes.size()));
  if (!loaded->engine) throw Unsupported("TensorRT " + tensorrt.version() + " cannot load the engine: " + log.takeMessages());
  loaded->facts = std::move(plan.facts);
  loaded->facts["layers"] = nullptr;
  Owned<nvinfer1::IEngineInspector> const inspector(loaded->engine->createEngineInspector());
  char const* text = inspector ? inspector->getEngineInformation(nvinfer1::LayerInformationFormat::kJSON) : nullptr;
  if (text) loaded->facts["layers"] = readLayers(text);
  return loaded;
}

/// Makes the workload run the engine: its tensors, executors and facts. Throws Unsupported for a shape outside the optimisation profile,
/// and for tensors the driver cannot feed.
///
/// Args:
///   shape: of every input without a shape of its own.
///   inputShapes: of inputs by name.
inline void runEngine(Workload& workload, std::shared_ptr<LoadedEngine> const& engine, std::optional<Extents> const& shape,
                      std::map<std::string, Extents> const& inputShapes, Log& log) {
  ICudaEngine& found = *engine->engine;
  refuseUnknownInputs(found, inputShapes);
  std::vector<TensorSpec> tensors, outputs;
  for (int i = 0; i < found.getNbIOTensors(); ++i) {
    char const* name = found.getIOTensorName(i);
    TensorSpec spec = describeTensor(found, name, isInput(found, name));
    if (spec.isInput) spec.shape = chooseShape(found, name, shape, inputShapes);
    (spec.isInput ? tensors : outputs).push_back(std::move(spec));
  }
  // Output shapes follow from the inputs', which only a context knows.
  auto const context = makeContext(found, tensors, log);
  for (auto& output : outputs) {
    output.shape = extentsOf(context->getTensorShape(output.name.c_str()));
    bool const isOpen = std::any_of(output.shape.begin(), output.shape.end(), [](std::int64_t extent) { return extent < 0; });
    if (isOpen) throw Unsupported("output '" + output.name + "' has a shape that depends on the data");
    tensors.push_back(std::move(output));
  }
  workload.tensors = tensors;
  workload.makeExecutor = [engine, tensors, &log] { return makeExecutor(engine, tensors, log); };
  workload.facts.update(engine->facts);
  workload.launchesPerIteration = std::max<std::int64_t>(1, static_cast<std::int64_t>(engine->facts["layers"].size()));
}

}  // namespace profiler::driver::trt
