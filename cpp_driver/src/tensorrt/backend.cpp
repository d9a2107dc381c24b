/// The module's backend: from a point to the engine that runs it.
#include <algorithm>
#include <memory>

#include "contract/contract.hpp"
#include "direct_engine.hpp"
#include "engine_store.hpp"
#include "engine_workload.hpp"
#include "error.hpp"
#include "files.hpp"
#include "references.hpp"
#include "tensorrt_backend.hpp"

namespace profiler::driver::trt {
namespace {

/// A reference computes from tensors of the shapes that it takes; an engine with other borders cannot be checked against it.
void requireReferenceFits(Workload const& workload, std::string const& name, std::vector<NamedText> const& attributeTexts) {
  plugins::Op const* op = plugins::findOp(name);
  plugins::Attributes const attributes = readAttributes(driver::fieldsOf(name), attributeTexts);
  auto const wantedInputs = static_cast<std::size_t>(op ? op->inputCount(attributes) : 1);
  auto const wantedOutputs = static_cast<std::size_t>(op ? op->outputCount(attributes) : 1);
  std::vector<plugins::TensorView> inputs, outputs;
  for (auto const& tensor : workload.tensors) (tensor.isInput ? inputs : outputs).push_back({tensor.type, contractShape(tensor.shape)});
  if (inputs.size() != wantedInputs || outputs.size() != wantedOutputs) {
    throw Unsupported("--reference " + name + " takes " + std::to_string(wantedInputs) + " inputs and gives " +
                      std::to_string(wantedOutputs) + " outputs, the engine has " + std::to_string(inputs.size()) + " and " +
                      std::to_string(outputs.size()));
  }
  if (op && !op->info().elementwise) {
    if (char const* refusal = op->refusal(attributes, inputs.data(), outputs.data()))
      throw Unsupported("--reference " + name + ": " + refusal);
    return;
  }
  auto const& first = workload.tensors.front();
  bool const oneSize = std::all_of(workload.tensors.begin(), workload.tensors.end(),
                                   [&](TensorSpec const& tensor) { return tensor.elementCount() == first.elementCount(); });
  if (!oneSize) throw Unsupported("--reference " + name + " needs tensors of one size");
}

class Backend : public TensorrtBackend {
 public:
  Backend(Options const& options, DeviceFacts const& gpu, TensorrtModule const& module)
      : mOptions(options),
        mLibrary(module, mLog),
        mPlugins(options.pluginLibraries, mLibrary, mLog),
        mStore(options, gpu, mLibrary, mPlugins, mLog) {}

  Workload makeWorkload(PointRequest const& point) override {
    Workload workload;
    workload.engine = mLibrary.isRtx() ? "tensorrt_rtx" : "tensorrt";
    if (mOptions.network().empty()) {
      NetworkDescription const network = describeOp(point, workload);
      runEngine(workload, obtain(network), point.shape, mOptions.inputShapes, mLog);
      return workload;
    }
    // Of an engine or model file: the op that --reference names, with the attributes of the point.
    if (!mOptions.reference.empty()) workload.reference = referenceOf(mOptions.reference, point.attributes);
    runEngine(workload, fileEngine(point), point.shape, mOptions.inputShapes, mLog);
    if (workload.reference) requireReferenceFits(workload, mOptions.reference, point.attributes);
    return workload;
  }
  std::string version() const override { return mLibrary.version(); }
  std::string libraryPath() const override { return mLibrary.path(); }
  std::optional<std::string> pluginLibraryDigest() const override { return mPlugins.digest(); }
  std::optional<std::string> timingCacheDigest() const override { return mStore.timingCacheDigest(); }

 private:
  std::shared_ptr<LoadedEngine> fileEngine(PointRequest const& point) {
    if (!mOptions.engineFile.empty()) {
      if (!mEngine) mEngine = loadEngine(readPlan(mOptions.engineFile), mLibrary, mLog);
      return mEngine;
    }
    NetworkDescription network;
    network.onnxFile = mOptions.onnxFile;
    network.type = point.type;
    network.inputShapes = mOptions.inputShapes;
    network.range = rangeFor(point);
    return obtain(network);
  }

  NetworkDescription describeOp(PointRequest const& point, Workload& workload) const {
    NetworkDescription network;
    network.plugin = plugins::findOp(point.op);
    network.native = plugins::findNativeOp(point.op);
    network.type = point.type;
    network.range = rangeFor(point);
    if (network.plugin) {
      network.pluginVersion = mOptions.pluginVersion;
      network.attributes = readAttributes(network.plugin->info().fields, point.attributes);
      OpViews const views(*network.plugin, network.attributes, *point.shape, *point.type);
      workload.facts["launch"] = launchOf(*network.plugin, network.attributes, views);
      workload.reference = opReference(*network.plugin, network.attributes);
    } else if (network.native) {
      network.attributes = readAttributes(network.native->fields, point.attributes);
      workload.engine = "native";
      workload.reference = nativeReference(*network.native, plugins::roundedAttributes(network.attributes, *point.type));
    } else {
      throw Unsupported("no op is called " + point.op);
    }
    return network;
  }

  std::optional<Options::ShapeRange> rangeFor(PointRequest const& point) const {
    if (mOptions.profile) return mOptions.profile;
    if (point.shape) return Options::ShapeRange{*point.shape, *point.shape, *point.shape};
    return std::nullopt;
  }

  /// The engine of the network; the one of the point before is kept, so that points that share an engine load it once.
  std::shared_ptr<LoadedEngine> obtain(NetworkDescription const& network) {
    std::string const key = mStore.keyOf(network);
    if (!mEngine || key != mEngineKey) {
      mEngine.reset();
      mEngine = load(key, mStore.obtain(network), network);
      mEngineKey = key;
    }
    return mEngine;
  }

  /// A file of the cache that TensorRT does not take, a torn or foreign one, is built once more.
  std::shared_ptr<LoadedEngine> load(std::string const& key, Plan plan, NetworkDescription const& network) {
    saveEngine(key, plan);
    bool const isCached = plan.facts["engine_origin"] == kFromCache;
    try {
      return loadEngine(std::move(plan), mLibrary, mLog);
    } catch (Unsupported const&) {
      if (!isCached) throw;
    }
    mStore.forget(network);
    Plan fresh = mStore.obtain(network);
    saveEngine(key, fresh);
    return loadEngine(std::move(fresh), mLibrary, mLog);
  }

  void saveEngine(std::string const& key, Plan const& plan) {
    if (mOptions.saveEngine.empty()) return;
    if (!mSavedKey.empty() && mSavedKey != key) {
      throw Unsupported("--save-engine takes one engine, this point needs a second one; use --profile for one engine over all shapes");
    }
    mSavedKey = key;
    writeFileAtomically(mOptions.saveEngine, plan.bytes);
  }

  Options const& mOptions;
  Log mLog;
  Library mLibrary;
  PluginLibraries mPlugins;
  EngineStore mStore;
  std::shared_ptr<LoadedEngine> mEngine;
  std::string mEngineKey, mSavedKey;
};

}  // namespace
}  // namespace profiler::driver::trt

extern "C" __attribute__((visibility("default"))) profiler::driver::TensorrtBackend* profilerMakeTensorrtBackend(
    profiler::driver::Options const& options, profiler::driver::DeviceFacts const& gpu, profiler::driver::TensorrtModule const& module) {
  return new profiler::driver::trt::Backend(options, gpu, module);
}
