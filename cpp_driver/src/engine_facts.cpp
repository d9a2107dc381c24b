#include "engine_facts.hpp"

#include "json.hpp"

namespace profiler::driver {
namespace {

Json launchJson(LaunchDescription const& launch) {
  Json resolved = Json::object();
  for (auto const& [name, text] : launch.resolved) resolved[name] = numberOrText(text);
  return {{"kernel", launch.kernel},
          {"symbol", orNull(launch.symbol)},
          {"grid", launch.grid},
          {"block", launch.block},
          {"dynamic_shared_memory_bytes", launch.dynamicSharedMemoryBytes},
          {"items_per_thread", orNull(launch.itemsPerThread)},
          {"access_bytes", orNull(launch.accessBytes)},
          {"resolved", resolved},
          {"note", orNull(launch.note)}};
}

Json layerJson(LayerDescription const& layer) {
  std::vector<std::string> formats = layer.inputFormats;
  formats.insert(formats.end(), layer.outputFormats.begin(), layer.outputFormats.end());
  return {{"name", layer.name},
          {"type", layer.type},
          {"formats", formats},
          {"input_formats", layer.inputFormats},
          {"output_formats", layer.outputFormats},
          {"is_reformat", layer.isReformat}};
}

}  // namespace

Json factsJson(std::optional<LaunchDescription> const& launch, std::optional<std::vector<LayerDescription>> const& layers,
               std::optional<EngineFacts> const& engine) {
  Json facts = Json::object();
  if (launch) facts["launch"] = launchJson(*launch);
  if (layers) {
    facts["layers"] = Json::array();
    for (auto const& layer : *layers) facts["layers"].push_back(layerJson(layer));
  }
  if (engine) {
    facts["engine_digest"] = engine->digest;
    facts["engine_origin"] = engine->origin;
    facts["engine_cache_key"] = orNull(engine->cacheKey);
    facts["engine_build_ns"] = orNull(engine->buildNs);
    facts["engine_bytes"] = orNull(engine->sizeBytes);
  }
  return facts;
}

}  // namespace profiler::driver
