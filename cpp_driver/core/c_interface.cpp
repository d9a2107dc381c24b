// The C interface of core.h: requests and answers as JSON, work as callbacks.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>

#include "error.hpp"
#include "layers.hpp"
#include "measurement.hpp"
#include "points_file.hpp"
#include "profiler/core.h"

namespace profiler::core {
namespace {

void requireSuccess(std::int32_t status, char const* callback) {
  if (status != 0) throw Error(ExitCode::kRunFailed, std::string(callback) + " failed with status " + std::to_string(status));
}

Reference requestedReference(ProfilerCoreCallbacks const& callbacks, Json const& request) {
  Json const tolerance = request.value("tolerance", Json());
  if (!tolerance.is_object()) throw usageError("a reference without tolerance", "add \"tolerance\": {\"absolute\": 0, \"relative\": 1e-6}");
  plugins::Tolerance const allowed{tolerance.value("absolute", 0.0), tolerance.value("relative", 0.0)};
  auto const compute = [&callbacks](plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) {
    requireSuccess(callbacks.reference(callbacks.context, inputs, outputs, shapes[0].elementCount()), "reference");
  };
  // a call from outside costs more than the arithmetic, so that slices are larger
  return {request.value("elementwise", true), compute, [allowed](plugins::ElementType) { return allowed; }, std::int64_t{1} << 16};
}

TensorSpec requestedTensor(Json const& item) {
  TensorSpec spec{item.at("name"), item.at("shape"), {}, item.at("is_input")};
  std::string const type = item.at("dtype");
  if (!plugins::parseElementType(type, spec.type))
    throw usageError("no tensor type is called '" + type + "'", "use fp32, fp16, bf16, int64, int32, int8, uint8 or bool");
  contractShape(spec.shape);
  spec.elementCount();
  return spec;
}

Workload requestedWorkload(ProfilerCoreCallbacks const& callbacks, Json const& request) {
  Workload workload;
  workload.engine = request.value("engine", std::string());
  for (auto const& item : request.at("tensors")) workload.tensors.push_back(requestedTensor(item));
  workload.makeExecutor = [&callbacks, next = std::int32_t{0}]() mutable {
    auto bound = std::make_shared<Addresses>();
    auto const enqueue = [&callbacks, bound, lane = next++](void* stream) {
      auto const count = static_cast<std::int32_t>(bound->size());
      requireSuccess(callbacks.enqueue(callbacks.context, lane, bound->data(), count, stream), "enqueue");
    };
    return Executor{[bound](Addresses const& addresses) { *bound = addresses; }, enqueue};
  };
  if (callbacks.reference) workload.reference = requestedReference(callbacks, request);
  workload.facts = request.value("facts", Json::object());
  Json const bytes = request.value("bytes_per_iteration", Json());
  if (!bytes.is_null()) workload.bytesPerIteration = bytes.get<std::int64_t>();
  workload.launchesPerIteration = std::max<std::int64_t>(1, request.value("launches_per_iteration", 1));
  return workload;
}

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
  auto const result =
      measurePoint(context, point, request.value("number", std::size_t{0}), [&] { return requestedWorkload(callbacks, request); });
  Json record = pointJson(result);
  if (result.deviceLost) record["device_lost"] = true;
  return record;
}

Json describeDevice(Json const& argument) {
  DeviceFacts const& facts = cudaDevice(argument.value("device", 0)).facts();
  return {{"device", deviceJson(facts)},
          {"versions", {{"driver", facts.driverVersion}, {"display_driver", orNull(Nvml(facts.uuid).displayDriver())}}}};
}

Json askWhetherLost(Json const& argument) {
  try {
    return {{"lost", cudaDevice(argument.value("device", 0)).isLost()}};
  } catch (CudaError const&) {  // not even the context can be taken
    return {{"lost", true}};
  }
}

Json call(std::string const& function, Json const& argument) {
  static std::map<std::string, Json (*)(Json const&)> const functions = {
      {"settings", fillSettings},
      {"device", describeDevice},
      {"lost", askWhetherLost},
      {"layers", [](Json const& inspected) { return Json{{"layers", readLayers(inspected.at("text"))}}; }},
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
  auto const refuse = [&](Error const& error) {
    code = error.code();
    *answer = heapText(dump({{"error", error.what()}, {"hint", error.hint()}}));
  };
  try {
    try {
      *answer = heapText(dump(work()));
      if (*answer) code = ExitCode::kOk;
    } catch (Json::exception const& error) {
      refuse(usageError(std::string("not the JSON that was expected: ") + error.what(), "see profiler/core.h"));
    } catch (...) {
      refuse(currentError());
    }
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
