// The C interface of core.h: requests and answers as JSON, work as callbacks.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>

#include "digest.hpp"
#include "error.hpp"
#include "measurement.hpp"
#include "points_file.hpp"
#include "profiler/core.h"
#include "profiler/point_label.hpp"
#include "sweep.hpp"

namespace profiler::core {
namespace {

void requireSuccess(std::int32_t status, char const* callback) {
  if (status != 0) throw Error(ExitCode::kRunFailed, std::string(callback) + " failed with status " + std::to_string(status));
}

class CallbackExecutor : public Executor {
 public:
  CallbackExecutor(ProfilerCoreCallbacks const& callbacks, std::int32_t lane) : mCallbacks(callbacks), mLane(lane) {}
  void bind(Addresses const& addresses) override { mAddresses = addresses; }
  void enqueue(void* stream) override {
    auto const count = static_cast<std::int32_t>(mAddresses.size());
    requireSuccess(mCallbacks.enqueue(mCallbacks.context, mLane, mAddresses.data(), count, stream), "enqueue");
  }

 private:
  ProfilerCoreCallbacks const& mCallbacks;
  std::int32_t mLane;
  Addresses mAddresses;
};

class CallbackReference : public Reference {
 public:
  CallbackReference(ProfilerCoreCallbacks const& callbacks, Json const& request)
      : mCallbacks(callbacks), mElementwise(request.value("elementwise", true)) {
    Json const tolerance = request.value("tolerance", Json());
    if (!tolerance.is_object())
      throw usageError("a reference without tolerance", "add \"tolerance\": {\"absolute\": 0, \"relative\": 1e-6}");
    mTolerance = {tolerance.value("absolute", 0.0), tolerance.value("relative", 0.0)};
  }
  bool elementwise() const override { return mElementwise; }
  void compute(plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) const override {
    requireSuccess(mCallbacks.reference(mCallbacks.context, inputs, outputs, shapes[0].elementCount()), "reference");
  }
  plugins::Tolerance tolerance(plugins::ElementType) const override { return mTolerance; }
  std::int64_t sliceElements() const override { return std::int64_t{1} << 16; }  // a call from outside costs more than the arithmetic

 private:
  ProfilerCoreCallbacks const& mCallbacks;
  bool mElementwise;
  plugins::Tolerance mTolerance;
};

class CallbackWorkload : public Workload {
 public:
  CallbackWorkload(ProfilerCoreCallbacks const& callbacks, Json const& request)
      : mCallbacks(callbacks), mRequest(request), mEngine(request.value("engine", std::string())) {
    for (auto const& item : request.at("tensors")) {
      mTensors.push_back({item.at("name"), item.at("shape"), parseTensorType(item.at("dtype")), item.at("is_input")});
      elementCountOf(mTensors.back().shape);
      contractShape(mTensors.back().shape);
    }
    if (callbacks.reference) mReference = std::make_unique<CallbackReference>(callbacks, request);
  }
  char const* engineName() const override { return mEngine.c_str(); }
  std::vector<TensorSpec> const& tensors() const override { return mTensors; }
  std::unique_ptr<Executor> makeExecutor() override { return std::make_unique<CallbackExecutor>(mCallbacks, mNextLane++); }
  std::int64_t bytesPerIteration() const override {
    Json const bytes = mRequest.value("bytes_per_iteration", Json());
    return bytes.is_null() ? Workload::bytesPerIteration() : bytes.get<std::int64_t>();
  }
  Reference const* reference() const override { return mReference.get(); }
  std::int64_t launchesPerIteration() const override { return std::max<std::int64_t>(1, mRequest.value("launches_per_iteration", 1)); }
  Json facts() const override { return mRequest.value("facts", Json::object()); }

 private:
  ProfilerCoreCallbacks const& mCallbacks;
  Json const& mRequest;
  std::string mEngine;
  std::vector<TensorSpec> mTensors;
  std::unique_ptr<Reference> mReference;
  std::int32_t mNextLane = 0;
};

class CallbackRanges : public Annotator {
 public:
  explicit CallbackRanges(ProfilerCoreCallbacks const& callbacks) : mCallbacks(callbacks) {}
  void push(RangeKind kind, char const* text, std::int64_t payload) override {
    if (mCallbacks.rangePush) mCallbacks.rangePush(mCallbacks.context, static_cast<std::int32_t>(kind), text, payload);
  }
  void pop() override {
    if (mCallbacks.rangePop) mCallbacks.rangePop(mCallbacks.context);
  }

 private:
  ProfilerCoreCallbacks const& mCallbacks;
};

PointRequest requestedPoint(Json const& point, Execution const& execution) {
  std::string const label = point.value("label", std::string());
  PointRequest request = point.contains("op") ? readPoint(point, execution) : makePoint(parseLabel(label), execution);
  request.execution = execution;  // the settings tell; keys of the label stand for them in the sweep that made it
  if (!label.empty()) request.label = label;
  return request;
}

OutputRequest requestedOutputs(Json const& request) {
  Json const outputs = request.value("outputs", Json::object());
  return {outputs.value("digest", false), outputs.value("save", std::string()), outputs.value("compare", std::string())};
}

Json measure(Json const& request, ProfilerCoreCallbacks const& callbacks) {
  Settings const settings = readSettings(fillSettings(request.value("settings", Json::object())));
  Json const ordinal = request.value("device", Json());
  Device& device = ordinal.is_null() ? hostDevice() : cudaDevice(ordinal);
  Nvml const nvml(device.facts().uuid);
  CallbackRanges ranges(callbacks);
  std::function<bool()> isCancelled;
  if (callbacks.cancelled) isCancelled = [&] { return callbacks.cancelled(callbacks.context) != 0; };
  MeasureContext const context{device, nvml, ranges, settings, requestedOutputs(request), isCancelled};
  PointRequest const point = requestedPoint(request.at("point"), settings.execution);
  auto const result = measurePoint(context, point, request.value("number", std::size_t{0}),
                                   [&] { return std::make_unique<CallbackWorkload>(callbacks, request); });
  Json record = pointJson(result);
  if (result.deviceLost) record["device_lost"] = true;
  return record;
}

Json pointOf(PointRequest const& point) {
  Json attributes = Json::object();
  for (auto const& [name, text] : point.attributes) attributes[name] = numberOrText(text);
  return {{"op", point.op},
          {"shape", orNull(point.shape)},
          {"dtype", point.type ? Json(plugins::elementTypeName(*point.type)) : Json()},
          {"attributes", attributes},
          {"execution",
           {{"threads", point.execution.threads},
            {"streams", point.execution.streams},
            {"cache_mode", cacheModeName(point.execution.cache)},
            {"launch_mode", launchModeName(point.execution.launch)}}},
          {"label", point.label}};
}

Json pointsOf(std::vector<PointRequest> const& points) {
  Json list = Json::array();
  for (auto const& point : points) list.push_back(pointOf(point));
  return list;
}

std::vector<std::string> textsOf(Json const& argument, char const* name) {
  std::vector<std::string> texts;
  for (auto const& item : argument.value(name, Json::array())) texts.push_back(item.is_string() ? item.get<std::string>() : dump(item));
  return texts;
}

Json label(Json const& argument) {
  if (!argument.is_array()) return {{"label", readPoint(argument, {}).label}};
  std::vector<LabelPair> pairs;
  for (auto const& pair : argument) pairs.emplace_back(pair.at(0).get<std::string>(), pair.at(1).get<std::string>());
  return {{"label", pointLabel(pairs)}};
}

Json parsedLabel(Json const& argument) {
  Json pairs = Json::array();
  for (auto const& [key, text] : parseLabel(argument.at("label").get<std::string>())) pairs.push_back({key, text});
  return pairs;
}

Json readPointsOf(Json const& argument) {
  if (argument.contains("path")) return pointsOf(readPointsFile(argument["path"], {}));
  return pointsOf(readPoints(argument.at("text"), argument.value("source", std::string("points")), {}));
}

Json expandSweep(Json const& argument) {
  Sweep sweep;
  for (auto const& name : textsOf(argument, "ops")) sweep.ops.push_back({name, std::nullopt, true});
  sweep.shapes = textsOf(argument, "shapes");
  sweep.types = textsOf(argument, "dtypes");
  for (auto const& set : argument.value("sets", Json::array())) {
    sweep.sets.emplace_back(set.at(0).get<std::string>(), textsOf({{"values", set.at(1)}}, "values"));
  }
  sweep.threads = textsOf(argument, "threads");
  sweep.streams = textsOf(argument, "streams");
  sweep.caches = textsOf(argument, "cache_mode");
  sweep.launchModes = textsOf(argument, "launch_mode");
  return pointsOf(expand(sweep));
}

Json describeDevice(Json const& argument) {
  DeviceFacts const& facts = cudaDevice(argument.value("device", 0)).facts();
  return {{"device", deviceJson(facts)},
          {"versions", {{"driver", facts.driverVersion}, {"display_driver", orNull(Nvml(facts.uuid).displayDriver())}}}};
}

Json devices(Json const&) {
  Json list = Json::array();
  for (int i = 0; i < cudaDeviceCount(); ++i) list.push_back(deviceJson(cudaDevice(i).facts()));
  return list;
}

Json call(std::string const& function, Json const& argument) {
  static std::map<std::string, Json (*)(Json const&)> const functions = {
      {"options", [](Json const&) { return Json::parse(optionsText()); }},
      {"settings", [](Json const& given) { return fillSettings(given); }},
      {"label", label},
      {"parse_label", parsedLabel},
      {"read_points", readPointsOf},
      {"expand_sweep", expandSweep},
      {"device", describeDevice},
      {"devices", devices},
      {"digest", [](Json const& file) { return Json{{"digest", digestFile(file.at("path"))}}; }},
  };
  auto const found = functions.find(function);
  if (found == functions.end()) throw Error(ExitCode::kInternal, "no function is called '" + function + "'");
  return found->second(argument);
}

char* heapText(std::string const& text) {
  auto* copy = static_cast<char*>(std::malloc(text.size() + 1));
  if (copy) std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

/// Runs `work` and hands its answer, or what it threw, over; nothing leaves as an exception.
template <typename Work>
std::int32_t answerWith(char** answer, Work const& work) noexcept {
  auto code = ExitCode::kInternal;
  Json failure;
  try {
    try {
      *answer = heapText(dump(work()));
      return *answer ? 0 : static_cast<std::int32_t>(code);
    } catch (Error const& error) {
      code = error.code();
      failure = {{"error", error.what()}, {"hint", error.hint()}};
    } catch (Unsupported const& error) {
      code = ExitCode::kRunFailed;
      failure = {{"error", error.what()}, {"hint", ""}};
    } catch (CudaError const& error) {
      code = ExitCode::kRunFailed;
      failure = {{"error", error.what()}, {"hint", "see that the GPU is healthy and free: nvidia-smi"}};
    } catch (Json::exception const& error) {
      code = ExitCode::kUsage;
      failure = {{"error", std::string("not the JSON that was expected: ") + error.what()}, {"hint", "see profiler/core.h"}};
    } catch (std::exception const& error) {
      failure = {{"error", error.what()}, {"hint", ""}};
    }
    *answer = heapText(dump(failure));
  } catch (...) {
    *answer = nullptr;  // no memory is left for words
  }
  return static_cast<std::int32_t>(code);
}

}  // namespace
}  // namespace profiler::core

extern "C" {

std::int32_t profilerCoreAbiVersion(void) { return PROFILER_CORE_ABI_VERSION; }

void profilerCoreFree(char* answer) { std::free(answer); }

std::int32_t profilerCoreMeasure(char const* request, ProfilerCoreCallbacks const* callbacks, char** answer) {
  using namespace profiler::core;
  return answerWith(answer, [&] { return measure(Json::parse(request), *callbacks); });
}

std::int32_t profilerCoreCall(char const* function, char const* argument, char** answer) {
  using namespace profiler::core;
  return answerWith(answer, [&] { return call(function, argument && *argument ? Json::parse(argument) : Json()); });
}

}  // extern "C"
