#include "layers.hpp"

#include "json.hpp"

namespace profiler::core {
namespace {

std::string textOf(Json const& object, char const* name) {
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json formatsOf(Json const& layer, char const* side) {
  Json formats = Json::array();
  for (auto const& tensor : layer.value(side, Json::array())) formats.push_back(textOf(tensor, "Format/Datatype"));
  return formats;
}

Json readLayer(Json const& layer) {
  Json const found = layer.is_object() ? layer : Json{{"Name", layer}};
  std::string const type = textOf(found, "LayerType");
  Json const inputs = formatsOf(found, "Inputs"), outputs = formatsOf(found, "Outputs");
  Json formats = inputs;
  formats.insert(formats.end(), outputs.begin(), outputs.end());
  return {{"name", textOf(found, "Name")},    {"type", type}, {"formats", formats}, {"input_formats", inputs}, {"output_formats", outputs},
          {"is_reformat", type == "Reformat"}};
}

}  // namespace

Json readLayers(std::string const& inspectorJson) {
  Json const document = Json::parse(inspectorJson, nullptr, false);
  if (!document.is_object() || !document.value("Layers", Json()).is_array()) return nullptr;
  Json layers = Json::array();
  for (auto const& layer : document["Layers"]) layers.push_back(readLayer(layer));
  return layers;
}

}  // namespace profiler::core
