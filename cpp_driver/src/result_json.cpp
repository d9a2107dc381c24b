#include "result_json.hpp"

#include <algorithm>
#include <array>

#include "json_writer.hpp"
#include "program_version.hpp"

namespace profiler::driver {
namespace {

/// A value that reads as a JSON number is written as one; everything else is text.
void writeAttributes(JsonWriter& json, std::vector<NamedText> const& attributes) {
  json.beginObject();
  for (auto const& [name, text] : attributes) {
    json.key(name);
    if (isJsonNumber(text)) {
      json.raw(text);
    } else {
      json.value(text);
    }
  }
  json.endObject();
}

void writeLaunch(JsonWriter& json, std::optional<LaunchDescription> const& launch) {
  json.key("launch");
  if (!launch) {
    json.null();
    return;
  }
  json.beginObject().field("kernel", launch->kernel).field("symbol", launch->symbol);
  json.field("grid", std::vector<std::uint32_t>(launch->grid.begin(), launch->grid.end()));
  json.field("block", std::vector<std::uint32_t>(launch->block.begin(), launch->block.end()));
  json.field("dynamic_shared_memory_bytes", launch->dynamicSharedMemoryBytes);
  json.field("items_per_thread", launch->itemsPerThread).field("access_bytes", launch->accessBytes);
  json.key("resolved");
  writeAttributes(json, launch->resolved);
  json.field("note", launch->note).endObject();
}

void writeVerification(JsonWriter& json, std::optional<Verification> const& found) {
  json.key("verification");
  if (!found) {
    json.null();
    return;
  }
  json.beginObject().field("passed", found->passed).field("reference", found->reference).field("seed", found->seed);
  json.field("element_count", found->elementCount).field("failed_count", found->failedCount);
  json.field("max_abs_error", found->maxAbs).field("mean_abs_error", found->meanAbs);
  json.field("max_rel_error", found->maxRel).field("mean_rel_error", found->meanRel);
  json.field("rmse", found->rootMeanSquare).field("cosine", found->cosine);
  json.field("worst_tensor", found->worstTensor).field("worst_index", found->worstIndex);
  // A NaN or an infinity has no JSON number; its text says which it was.
  bool const known = found->worstIndex.has_value();
  auto const number = [&](char const* name, double value) {
    json.key(name);
    if (!known) {
      json.null();
    } else if (value != value) {
      json.value("nan");
    } else if (value - value != 0.0) {
      json.value(value > 0 ? "inf" : "-inf");
    } else {
      json.value(value);
    }
  };
  number("worst_expected", found->worstExpected);
  number("worst_actual", found->worstActual);
  json.field("tolerance_abs", found->tolerance.absolute).field("tolerance_rel", found->tolerance.relative).endObject();
}

void writeOutputs(JsonWriter& json, std::vector<OutputRecord> const& outputs) {
  json.key("outputs").beginArray();
  for (auto const& output : outputs) {
    json.beginObject().field("tensor", output.tensor).field("digest", output.digest).field("file", output.file).key("comparison");
    if (auto const& found = output.comparison) {
      json.beginObject().field("file", found->file).field("identical", found->identical);
      json.field("different_elements", found->differentElements).field("max_abs_difference", found->maxAbsDifference).endObject();
    } else {
      json.null();
    }
    json.endObject();
  }
  json.endArray();
}

void writeTensors(JsonWriter& json, std::vector<TensorSpec> const& tensors) {
  static constexpr std::array<char const*, 8> kTypeNames = {"fp32", "fp16", "bf16", "int64", "int32", "int8", "uint8", "bool"};
  json.key("tensors").beginArray();
  for (auto const& tensor : tensors) {
    json.beginObject().field("name", tensor.name).field("shape", tensor.shape);
    json.field("dtype", kTypeNames[static_cast<std::size_t>(tensor.type)]).field("is_input", tensor.isInput).endObject();
  }
  json.endArray();
}

void writeState(JsonWriter& json, char const* when, GpuState const& state) {
  std::string const suffix = std::string("_") + when;
  json.field("sm_clock" + suffix + "_hz", state.smClockHz).field("temperature" + suffix + "_c", state.temperatureC);
  json.key("throttle_reasons" + suffix);
  json.value(state.throttleReasons);
}

/// Samples of all lanes, one after the other; `lanes` says where each begins and ends.
void writeSamples(JsonWriter& json, std::optional<Measurement> const& measurement) {
  std::vector<std::int64_t> device, host;
  json.key("lanes").beginArray();
  for (auto const& lane : measurement ? measurement->lanes : std::vector<LaneSamples>{}) {
    json.beginObject().field("thread", lane.thread).field("stream", lane.stream).field("sample_count", lane.deviceNs.size()).endObject();
    device.insert(device.end(), lane.deviceNs.begin(), lane.deviceNs.end());
    host.insert(host.end(), lane.hostNs.begin(), lane.hostNs.end());
  }
  json.endArray().field("samples_ns", device).field("host_samples_ns", host);
}

void writeMeasurement(JsonWriter& json, PointResult const& result) {
  Execution const& execution = result.request.execution;
  auto const& measurement = result.measurement;
  json.field("clock", "cuda_event").field("cache", cacheModeName(execution.cache)).field("launch_mode", launchModeName(execution.launch));
  json.field("streams", execution.streams).field("threads", execution.threads);
  json.field("measure", !result.isolated ? "throughput" : !measurement || measurement->held ? "isolated" : "launched");
  json.key("cold_method");
  auto const& plan = result.cachePlan;
  bool const cold = plan && execution.cache == CacheMode::kCold;
  json.value(cold ? std::optional<std::string>(plan->flush ? "flush" : "rotate") : std::nullopt);
  json.field("buffer_set_count", plan ? std::optional<std::size_t>(plan->setCount) : std::nullopt);
  json.field("warmup_count", measurement ? std::optional<std::int64_t>(measurement->warmupCount) : std::nullopt);
  json.field("stop_reason", measurement ? std::optional<std::string>(measurement->stopReason) : std::nullopt);
  json.field("wall_ns", measurement ? measurement->wallNs : std::nullopt);
  writeState(json, "before", result.before);
  writeState(json, "after", result.after);
  writeSamples(json, measurement);
}

void writeEngine(JsonWriter& json, PointResult const& result) {
  auto const& engine = result.engine;
  json.field("engine_digest", engine ? std::optional<std::string>(engine->digest) : std::nullopt);
  json.field("engine_origin", engine ? std::optional<std::string>(engine->origin) : std::nullopt);
  json.field("engine_cache_key", engine ? engine->cacheKey : std::nullopt);
  json.field("engine_build_ns", engine ? engine->buildNs : std::nullopt).field("engine_bytes", engine ? engine->sizeBytes : std::nullopt);
  json.key("layers");
  if (!result.layers) {
    json.null();
    return;
  }
  json.beginArray();
  for (auto const& layer : *result.layers) {
    std::vector<std::string> formats = layer.inputFormats;
    formats.insert(formats.end(), layer.outputFormats.begin(), layer.outputFormats.end());
    json.beginObject().field("name", layer.name).field("type", layer.type).field("formats", formats);
    json.field("input_formats", layer.inputFormats)
        .field("output_formats", layer.outputFormats)
        .field("is_reformat", layer.isReformat)
        .endObject();
  }
  json.endArray();
}

void writeDevice(JsonWriter& json, std::optional<GpuDescription> const& gpu) {
  json.key("device");
  if (!gpu) {
    json.null();
    return;
  }
  json.beginObject().field("name", gpu->name).field("uuid", gpu->uuid).field("ordinal", gpu->ordinal);
  json.field("compute_capability", gpu->computeCapability).field("sm_count", gpu->smCount);
  json.field("sm_clock_hz", gpu->smClockHz).field("memory_clock_hz", gpu->memoryClockHz);
  json.field("memory_bandwidth_bytes_per_s", gpu->memoryBandwidthBytesPerS);
  json.field("l2_cache_bytes", gpu->l2CacheBytes).field("total_memory_bytes", gpu->totalMemoryBytes);
  json.field("max_threads_per_sm", gpu->maxThreadsPerSm).field("max_blocks_per_sm", gpu->maxBlocksPerSm);
  json.field("registers_per_sm", gpu->registersPerSm).field("shared_memory_per_sm_bytes", gpu->sharedMemoryPerSmBytes).endObject();
}

void writeHeader(JsonWriter& json, DocumentFacts const& facts, std::optional<std::string> const& engine,
                 std::optional<std::string> const& engineDigest) {
  json.field("schema", "profiler-result").field("schema_version", 1);
  json.key("program").beginObject().field("name", "profiler-driver").field("version", kProgramVersion).endObject();
  json.field("engine", engine);
  writeDevice(json, facts.gpu);
  auto const& gpu = facts.gpu;
  json.key("versions").beginObject().field("driver", gpu ? std::optional<std::string>(gpu->driverVersion) : std::nullopt);
  json.field("cuda_runtime", builtRuntimeVersion()).field("display_driver", facts.displayDriver);
  json.field("tensorrt", facts.tensorrtVersion).field("tensorrt_library", facts.tensorrtLibrary).endObject();
  json.key("digests").beginObject().field("plugin_library", facts.pluginLibraryDigest).field("program", facts.programDigest);
  json.field("engine", engineDigest).field("timing_cache", facts.timingCacheDigest).endObject();
  json.field("argv", facts.argv).key("options").beginObject();
  for (auto const& [name, texts] : facts.options) json.field(name, texts);
  json.endObject();
}

}  // namespace

std::string pointJson(PointResult const& result) {
  PointRequest const& request = result.request;
  JsonWriter json;
  json.beginObject().field("label", request.label).field("op", request.op).field("number", result.number);
  json.field("engine", result.engineName.empty() ? std::nullopt : std::optional(result.engineName));
  json.field("shape", request.shape);
  json.field("dtype", request.type ? std::optional<std::string>(plugins::elementTypeName(*request.type)) : std::nullopt);
  json.key("attributes");
  writeAttributes(json, request.attributes);
  writeLaunch(json, result.launch);
  json.field("status", pointStatusName(result.status)).field("reason", result.reason);
  json.field("bytes_per_iteration", result.bytesPerIteration);
  writeTensors(json, result.tensors);
  writeVerification(json, result.verification);
  writeOutputs(json, result.outputs);
  json.field("keeps_to_stream", result.keepsToStream);
  writeMeasurement(json, result);
  writeEngine(json, result);
  return json.endObject().text();
}

std::string documentJson(DocumentFacts const& facts, std::optional<std::string> const& engine,
                         std::optional<std::string> const& engineDigest, std::vector<std::string> const& points) {
  JsonWriter json;
  json.beginObject();
  writeHeader(json, facts, engine, engineDigest);
  json.key("points").beginArray();
  for (auto const& point : points) json.raw("\n" + point);
  return json.endArray().endObject().text() + "\n";
}

}  // namespace profiler::driver
