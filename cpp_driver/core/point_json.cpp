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

Json verificationJson(Verification const& found) {
  bool const known = found.worstIndex.has_value();
  return {{"passed", found.passed},
          {"reference", found.reference},
          {"seed", found.seed},
          {"element_count", found.elementCount},
          {"failed_count", found.failedCount},
          {"max_abs_error", orNull(found.maxAbs)},
          {"mean_abs_error", orNull(found.meanAbs)},
          {"max_rel_error", orNull(found.maxRel)},
          {"mean_rel_error", orNull(found.meanRel)},
          {"rmse", orNull(found.rootMeanSquare)},
          {"cosine", orNull(found.cosine)},
          {"worst_tensor", found.worstTensor},
          {"worst_index", orNull(found.worstIndex)},
          {"worst_expected", known ? numberJson(found.worstExpected) : Json()},
          {"worst_actual", known ? numberJson(found.worstActual) : Json()},
          {"tolerance_abs", found.tolerance.absolute},
          {"tolerance_rel", found.tolerance.relative}};
}

Json outputsJson(std::vector<OutputRecord> const& outputs) {
  Json list = Json::array();
  for (auto const& output : outputs) {
    Json comparison;
    if (auto const& found = output.comparison) {
      comparison = {{"file", found->file},
                    {"identical", found->identical},
                    {"different_elements", found->differentElements},
                    {"max_abs_difference", orNull(found->maxAbsDifference)}};
    }
    list.push_back(
        {{"tensor", output.tensor}, {"digest", orNull(output.digest)}, {"file", orNull(output.file)}, {"comparison", comparison}});
  }
  return list;
}

Json tensorsJson(std::vector<TensorSpec> const& tensors) {
  Json list = Json::array();
  for (auto const& tensor : tensors) {
    list.push_back({{"name", tensor.name}, {"shape", tensor.shape}, {"dtype", tensorTypeName(tensor.type)}, {"is_input", tensor.isInput}});
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
  record["cache"] = cacheModeName(execution.cache);
  record["launch_mode"] = launchModeName(execution.launch);
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
                 {"engine", result.engineName.empty() ? Json() : Json(result.engineName)},
                 {"shape", orNull(request.shape)},
                 {"dtype", request.type ? Json(plugins::elementTypeName(*request.type)) : Json()},
                 {"attributes", attributesJson(request.attributes)},
                 {"launch", nullptr},
                 {"status", pointStatusName(result.status)},
                 {"reason", orNull(result.reason)},
                 {"bytes_per_iteration", orNull(result.bytesPerIteration)},
                 {"tensors", tensorsJson(result.tensors)},
                 {"verification", result.verification ? verificationJson(*result.verification) : Json()},
                 {"outputs", outputsJson(result.outputs)},
                 {"keeps_to_stream", orNull(result.keepsToStream)}};
  addMeasurement(record, result);
  for (char const* name : {"engine_digest", "engine_origin", "engine_cache_key", "engine_build_ns", "engine_bytes", "layers"})
    record[name] = nullptr;
  record.update(result.facts);
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
