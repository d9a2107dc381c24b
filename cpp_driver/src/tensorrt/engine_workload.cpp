#include "engine_workload.hpp"

#include <algorithm>

#include "error.hpp"
#include "json.hpp"
#include "layer_info.hpp"
#include "nearest_name.hpp"

namespace profiler::driver::trt {
namespace {

using nvinfer1::ICudaEngine;
using nvinfer1::IExecutionContext;
using nvinfer1::OptProfileSelector;

nvinfer1::Dims requireDims(Extents const& shape) {
  auto const dims = makeDims(shape);
  if (!dims) throw Unsupported("TensorRT cannot hold the shape " + formatShape(shape));
  return *dims;
}

/// Whether the shape is fixed, in which case `shape` must equal it, or lies in the profile; throws Unsupported otherwise.
void requireInProfile(ICudaEngine const& engine, char const* name, Extents const& shape) {
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
Extents chooseShape(ICudaEngine const& engine, char const* name, EngineUse const& use) {
  Extents const own = extentsOf(engine.getTensorShape(name));
  bool const isDynamic = std::find(own.begin(), own.end(), -1) != own.end();
  auto const named = use.inputShapes.find(name);
  std::optional<Extents> const asked = named != use.inputShapes.end() ? std::optional(named->second) : use.shape;
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

TensorSpec describeTensor(ICudaEngine const& engine, char const* name, bool isInput) {
  auto const type = tensorTypeOf(engine.getTensorDataType(name));
  if (!type) throw Unsupported(std::string("tensor '") + name + "' has a type that the driver cannot feed");
  if (engine.getTensorLocation(name) == nvinfer1::TensorLocation::kHOST)
    throw Unsupported(std::string("tensor '") + name + "' is a shape tensor in host memory");
  if (engine.getTensorFormat(name) != nvinfer1::TensorFormat::kLINEAR)
    throw Unsupported(std::string("tensor '") + name + "' is not in linear format");
  return {name, {}, *type, isInput};
}

std::unique_ptr<IExecutionContext> makeContext(ICudaEngine& engine, std::vector<TensorSpec> const& tensors, Log& log) {
  std::unique_ptr<IExecutionContext> context(engine.createExecutionContext());
  if (!context) throw Error(ExitCode::kRunFailed, "TensorRT made no execution context: " + log.takeMessages());
  for (auto const& tensor : tensors) {
    if (tensor.isInput && !context->setInputShape(tensor.name.c_str(), requireDims(tensor.shape))) {
      throw Unsupported("TensorRT refused the shape " + formatShape(tensor.shape) + ": " + log.takeMessages());
    }
  }
  return context;
}

class EngineExecutor : public Executor {
 public:
  EngineExecutor(std::shared_ptr<LoadedEngine> engine, std::vector<TensorSpec> const& tensors, Log& log)
      : mEngine(std::move(engine)), mTensors(tensors), mLog(log), mContext(makeContext(*mEngine->engine, mTensors, mLog)) {}
  void bind(Addresses const& addresses) override {
    for (std::size_t i = 0; i < mTensors.size(); ++i) {
      if (!mContext->setTensorAddress(mTensors[i].name.c_str(), addresses[i])) fail("setTensorAddress");
    }
  }
  void enqueue(void* stream) override {
    if (!mContext->enqueueV3(static_cast<cudaStream_t>(stream))) fail("enqueueV3");
  }

 private:
  [[noreturn]] void fail(char const* call) {
    throw Error(ExitCode::kRunFailed, std::string("TensorRT: ") + call + " failed: " + mLog.takeMessages());
  }
  std::shared_ptr<LoadedEngine> mEngine;
  std::vector<TensorSpec> mTensors;
  Log& mLog;
  std::unique_ptr<IExecutionContext> mContext;
};

class EngineWorkload : public Workload {
 public:
  EngineWorkload(std::shared_ptr<LoadedEngine> engine, EngineUse use, Log& log)
      : mEngine(std::move(engine)), mUse(std::move(use)), mLog(log) {
    describeTensors();
  }
  char const* engineName() const override { return mUse.engineName; }
  std::vector<TensorSpec> const& tensors() const override { return mTensors; }
  std::unique_ptr<Executor> makeExecutor() override { return std::make_unique<EngineExecutor>(mEngine, mTensors, mLog); }
  Reference const* reference() const override { return mUse.reference.get(); }
  std::int64_t launchesPerIteration() const override {
    return mEngine->layers ? std::max<std::int64_t>(1, static_cast<std::int64_t>(mEngine->layers->size())) : 1;
  }
  Json facts() const override { return factsJson(mUse.launch, mEngine->layers, mEngine->facts); }

 private:
  void describeTensors() {
    ICudaEngine& engine = *mEngine->engine;
    refuseUnknownInputs(engine);
    std::vector<TensorSpec> outputs;
    for (int i = 0; i < engine.getNbIOTensors(); ++i) {
      char const* name = engine.getIOTensorName(i);
      bool const isInput = engine.getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT;
      TensorSpec spec = describeTensor(engine, name, isInput);
      if (isInput) spec.shape = chooseShape(engine, name, mUse);
      (isInput ? mTensors : outputs).push_back(std::move(spec));
    }
    // Output shapes follow from the inputs', which only a context knows.
    auto const context = makeContext(engine, mTensors, mLog);
    for (auto& output : outputs) {
      output.shape = extentsOf(context->getTensorShape(output.name.c_str()));
      bool const isOpen = std::any_of(output.shape.begin(), output.shape.end(), [](std::int64_t extent) { return extent < 0; });
      if (isOpen) throw Unsupported("output '" + output.name + "' has a shape that depends on the data");
      mTensors.push_back(std::move(output));
    }
  }

  void refuseUnknownInputs(ICudaEngine const& engine) const {
    std::vector<std::string> inputs;
    for (int i = 0; i < engine.getNbIOTensors(); ++i) {
      char const* name = engine.getIOTensorName(i);
      if (engine.getTensorIOMode(name) == nvinfer1::TensorIOMode::kINPUT) inputs.emplace_back(name);
    }
    for (auto const& [name, shape] : mUse.inputShapes) {
      if (std::find(inputs.begin(), inputs.end(), name) == inputs.end())
        throw Unsupported("--input-shape: the engine has no input '" + name + "'" + didYouMean(name, inputs));
    }
  }

  std::shared_ptr<LoadedEngine> mEngine;
  EngineUse mUse;
  Log& mLog;
  std::vector<TensorSpec> mTensors;
};

}  // namespace

std::shared_ptr<LoadedEngine> loadEngine(Plan plan, Library const& tensorrt, Log& log) {
  log.takeMessages();
  auto loaded = std::make_shared<LoadedEngine>();
  loaded->runtime = tensorrt.createRuntime();
  loaded->engine.reset(loaded->runtime->deserializeCudaEngine(plan.bytes.data(), plan.bytes.size()));
  if (!loaded->engine) throw Unsupported("TensorRT " + tensorrt.version() + " cannot load the engine: " + log.takeMessages());
  loaded->facts = std::move(plan.facts);
  Owned<nvinfer1::IEngineInspector> const inspector(loaded->engine->createEngineInspector());
  char const* text = inspector ? inspector->getEngineInformation(nvinfer1::LayerInformationFormat::kJSON) : nullptr;
  if (text) loaded->layers = readLayers(text);
  return loaded;
}

std::unique_ptr<Workload> makeEngineWorkload(std::shared_ptr<LoadedEngine> engine, EngineUse use, Log& log) {
  return std::make_unique<EngineWorkload>(std::move(engine), std::move(use), log);
}

}  // namespace profiler::driver::trt
