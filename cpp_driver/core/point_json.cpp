// The record of a point and the description of a device; declared in measurement.hpp.
#include <cmath>

#include "measurement.hpp"

namespace profiler::core {
namespace {

/// A NaN or an infinity has no JSON number; its text says which it was.
Json numberJson(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

Extents unravel(std::int64_t index, Extents const& shape) {
  Extents position(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    position[i] = index % shape[i];
    index /= shape[i];
  }
  return position;
}

Json verificationJson(Verification const& verification) {
  Accuracy const& found = verification.accuracy;
  auto const& worst = found.worst();
  return {{"passed", found.passed()},
          {"reference", "float64"},
          {"seed", verification.seed},
          {"element_count", found.count()},
          {"failed_count", found.failedCount()},
          {"max_abs_error", orNull(found.maxAbs())},
          {"mean_abs_error", orNull(found.meanAbs())},
          {"max_rel_error", orNull(found.maxRel())},
          {"mean_rel_error", orNull(found.meanRel())},
          {"rmse", orNull(found.rootMeanSquare())},
          {"cosine", orNull(found.cosine())},
          {"worst_tensor", verification.tensor.name},
          {"worst_index", worst ? Json(unravel(worst->index, verification.tensor.shape)) : Json()},
          {"worst_expected", worst ? numberJson(worst->expected) : Json()},
          {"worst_actual", worst ? numberJson(worst->actual) : Json()},
          {"tolerance_abs", found.tolerance().absolute},
          {"tolerance_rel", found.tolerance().relative}};
}

Json tensorsJson(std::vector<TensorSpec> const& tensors) {
  Json list = Json::array();
  for (auto const& tensor : tensors) {
    list.push_back(
        {{"name", tensor.name}, {"shape", tensor.shape}, {"dtype", plugins::elementTypeName(tensor.type)}, {"is_input", tensor.isInput}});
  }
  return list;
}

void addState(Json& record, std::string const& when, GpuState const& state) {
  record["sm_clock_" + when + "_hz"] = orNull(state.smClockHz);
  record["temperature_" + when + "_c"] = orNull(state.temperatureC);
  record["throttle_reasons_" + when] = orNull(state.throttleReasons);
}

/// Samples of all lanes, one after the other; `lanes` says where each begins and ends.
void addSamples(Json& record, PointResult const& result) {
  Json lanes = Json::array(), device = Json::array(), host = Json::array();
  for (auto const& lane : result.measurement ? result.measurement->lanes : std::vector<LaneSamples>{}) {
    lanes.push_back({{"thread", lane.thread}, {"stream", lane.stream}, {"sample_count", lane.deviceNs.size()}});
    for (auto const sample : lane.deviceNs) device.push_back(sample);
    for (auto const sample : lane.hostNs) host.push_back(sample);
  }
  record["lanes"] = std::move(lanes);
  record["samples_ns"] = std::move(device);
  if (!result.onHost) record["host_samples_ns"] = std::move(host);
}

void addMeasurement(Json& record, PointResult const& result) {
  Execution const& execution = result.request.execution;
  auto const& measurement = result.measurement;
  auto const& plan = result.cachePlan;
  record["clock"] = result.onHost ? "monotonic" : "cuda_event";
  record["cache"] = execution.cache == CacheMode::kCold ? "cold" : "warm";
  record["launch_mode"] = execution.launch == LaunchMode::kPlain ? "plain" : "graph";
  record["streams"] = execution.streams;
  record["threads"] = execution.threads;
  record["measure"] = !result.isolated ? "throughput" : !measurement || measurement->held ? "isolated" : "launched";
  record["cold_method"] = plan && execution.cache == CacheMode::kCold ? Json(plan->flush ? "flush" : "rotate") : Json();
  record["buffer_set_count"] = plan ? Json(plan->setCount) : Json();
  record["warmup_count"] = measurement ? Json(measurement->warmupCount) : Json();
  record["stop_reason"] = measurement ? Json(measurement->stopReason) : Json();
  record["wall_ns"] = measurement ? orNull(measurement->wallNs) : Json();
  addState(record, "before", result.before);
  addState(record, "after", result.after);
  addSamples(record, result);
}

Json attributesJson(std::vector<NamedText> const& attributes) {
  Json object = Json::object();
  for (auto const& [name, text] : attributes) object[name] = numberOrText(text);
  return object;
}

}  // namespace

Json pointJson(PointResult const& result) {
  PointRequest const& request = result.request;
  Json record = {{"label", request.label},
                 {"op", request.op},
                 {"number", result.number},
                 {"engine", result.workload ? Json(result.workload->engine) : Json()},
                 {"shape", orNull(request.shape)},
                 {"dtype", request.type ? Json(plugins::elementTypeName(*request.type)) : Json()},
                 {"attributes", attributesJson(request.attributes)},
                 {"launch", nullptr},
                 {"status", pointStatusName(result.status)},
                 {"reason", orNull(result.reason)},
                 {"bytes_per_iteration", result.workload ? orNull(result.workload->bytesPerIteration) : Json()},
                 {"tensors", tensorsJson(result.workload ? result.workload->tensors : std::vector<TensorSpec>())},
                 {"verification", result.verification ? verificationJson(*result.verification) : Json()},
                 {"outputs", result.outputs},
                 {"keeps_to_stream", orNull(result.keepsToStream)}};
  addMeasurement(record, result);
  for (char const* name : {"engine_digest", "engine_origin", "engine_cache_key", "engine_build_ns", "engine_bytes", "layers"})
    record[name] = nullptr;
  if (result.workload) record.update(result.workload->facts);
  return record;
}

Json deviceJson(DeviceFacts const& device) {
  return {{"name", device.name},
          {"uuid", device.uuid},
          {"ordinal", device.ordinal},
          {"compute_capability", device.computeCapability},
          {"sm_count", device.smCount},
          {"sm_clock_hz", orNull(device.smClockHz)},
          {"memory_clock_hz", orNull(device.memoryClockHz)},
          {"memory_bandwidth_bytes_per_s", orNull(device.memoryBandwidthBytesPerS)},
          {"l2_cache_bytes", device.l2CacheBytes},
          {"total_memory_bytes", device.totalMemoryBytes},
          {"max_threads_per_sm", device.maxThreadsPerSm},
          {"max_blocks_per_sm", device.maxBlocksPerSm},
          {"registers_per_sm", device.registersPerSm},
          {"shared_memory_per_sm_bytes", device.sharedMemoryPerSmBytes}};
}

}  // namespace profiler::core
