#include "layer_info.hpp"

#include "json_reader.hpp"

namespace profiler::driver::trt {
namespace {

std::vector<std::string> formatsOf(const JsonValue& layer, const char* side) {
  std::vector<std::string> formats;
  const JsonValue* tensors = layer.find(side);
  if (!tensors) return formats;
  for (const auto& tensor : tensors->items) formats.push_back(tensor.textOf("Format/Datatype"));
  return formats;
}

LayerDescription readLayer(const JsonValue& layer) {
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

std::optional<std::vector<LayerDescription>> readLayers(const std::string& inspectorJson) {
  try {
    const JsonValue document = parseJson(inspectorJson);
    const JsonValue* layers = document.find("Layers");
    if (!layers) return std::nullopt;
    std::vector<LayerDescription> descriptions;
    for (const auto& layer : layers->items) descriptions.push_back(readLayer(layer));
    return descriptions;
  } catch (const JsonSyntaxError&) {
    return std::nullopt;
  }
}

}  // namespace profiler::driver::trt
