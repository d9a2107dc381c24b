/// Reads the layers of an engine from TensorRT's engine inspector.
#pragma once

#include <string>

#include "json.hpp"

namespace profiler::core {

inline Json readLayer(Json const& layer) {
  Json const found = layer.is_object() ? layer : Json{{"Name", layer}};
  auto const textOf = [](Json const& object, char const* name) {
    auto const text = object.find(name);
    return text != object.end() && text->is_string() ? text->get<std::string>() : std::string();
  };
  auto const formatsOf = [&](char const* side) {
    Json formats = Json::array();
    for (auto const& tensor : found.value(side, Json::array())) formats.push_back(textOf(tensor, "Format/Datatype"));
    return formats;
  };
  std::string const type = textOf(found, "LayerType");
  Json const inputs = formatsOf("Inputs"), outputs = formatsOf("Outputs");
  Json formats = inputs;
  formats.insert(formats.end(), outputs.begin(), outputs.end());
  return {{"name", textOf(found, "Name")},    {"type", type}, {"formats", formats}, {"input_formats", inputs}, {"output_formats", outputs},
          {"is_reformat", type == "Reformat"}};
}

/// The list `layers` of a point's record from the inspector's JSON; null when it is no JSON or names no layers. An engine built without
/// detailed verbosity gives names only.
inline Json readLayers(std::string const& inspectorJson) {
  Json const document = Json::parse(inspectorJson, nullptr, false);
  if (!document.is_object() || !document.value("Layers", Json()).is_array()) return nullptr;
  Json layers = Json::array();
  for (auto const& layer : document["Layers"]) layers.push_back(readLayer(layer));
  return layers;
}

}  // namespace profiler::core
