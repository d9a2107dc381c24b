#include "layer_info.hpp"

#include "json_reader.hpp"

namespace profiler::driver::trt {
namespace {

std::vector<std::string> formatsOf(JsonValue const& layer, char const* side) {
  std::vector<std::string> formats;
  JsonValue const* tensors = layer.find(side);
  if (!tensors) return formats;
  for (auto const& tensor : tensors->items) formats.push_back(tensor.textOf("Format/Datatype"));
  return formats;
}

LayerDescription readLayer(JsonValue const& layer) {
  LayerDescription description;
  if (layer.kind == JsonValue::Kind::kString) {
    description.name = layer.text;
    return description;
  }
  description.name = layer.textOf("Name");
  description.type = layer.textOf("LayerType");
  description.inputFormats = formatsOf(layer, "Inputs");
  description.outputFormats = formatsOf(layer, "Outputs");
  description.isReformat = description.type == "Reformat";
  return description;
}

}  // namespace

std::optional<std::vector<LayerDescription>> readLayers(std::string const& inspectorJson) {
  try {
    JsonValue const document = parseJson(inspectorJson);
    JsonValue const* layers = document.find("Layers");
    if (!layers) return std::nullopt;
    std::vector<LayerDescription> descriptions;
    for (auto const& layer : layers->items) descriptions.push_back(readLayer(layer));
    return descriptions;
  } catch (JsonSyntaxError const&) {
    return std::nullopt;
  }
}

}  // namespace profiler::driver::trt
