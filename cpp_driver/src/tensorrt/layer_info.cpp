#include "layer_info.hpp"

#include "json.hpp"

namespace profiler::driver::trt {
namespace {

std::string textOf(Json const& object, char const* name) {
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> formatsOf(Json const& layer, char const* side) {
  std::vector<std::string> formats;
  for (auto const& tensor : layer.value(side, Json::array())) formats.push_back(textOf(tensor, "Format/Datatype"));
  return formats;
}

LayerDescription readLayer(Json const& layer) {
  LayerDescription description;
  if (!layer.is_object()) {
    description.name = layer.is_string() ? layer.get<std::string>() : std::string();
    return description;
  }
  description.name = textOf(layer, "Name");
  description.type = textOf(layer, "LayerType");
  description.inputFormats = formatsOf(layer, "Inputs");
  description.outputFormats = formatsOf(layer, "Outputs");
  description.isReformat = description.type == "Reformat";
  return description;
}

}  // namespace

std::optional<std::vector<LayerDescription>> readLayers(std::string const& inspectorJson) {
  Json const document = Json::parse(inspectorJson, nullptr, false);
  if (!document.is_object() || !document.value("Layers", Json()).is_array()) return std::nullopt;
  std::vector<LayerDescription> descriptions;
  for (auto const& layer : document["Layers"]) descriptions.push_back(readLayer(layer));
  return descriptions;
}

}  // namespace profiler::driver::trt
