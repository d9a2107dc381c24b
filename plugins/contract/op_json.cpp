/// @file
/// Makes the JSON of op_json.hpp.
#include "op_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "c_api.h"
#include "native.hpp"
#include "registry.hpp"

namespace profiler::plugins {
namespace {

Json number(double value) {
  bool const whole = value == std::floor(value) && std::fabs(value) < 1e15;
  return whole ? Json(static_cast<int64_t>(value)) : Json(value);
}

Json attributesJson(Attributes const& attributes) {
  Json object = Json::object();
  for (int32_t index = 0; index < attributes.fields().size(); ++index) {
    Field const& field = attributes.fields()[index];
    std::string const text = attributes.textAt(index);  // a float32 in the fewest digits that give it back
    object[field.name] = field.type == FieldType::kChoice ? Json(text) : Json::parse(text);
  }
  return object;
}

Json textOrNull(char const* text) { return text == nullptr ? Json() : Json(text); }

}  // namespace

Json fieldsJson(FieldTable fields) {
  Json list = Json::array();
  for (Field const& field : fields) {
    bool const choice = field.type == FieldType::kChoice;
    list.push_back({{"name", field.name},
                    {"type", fieldTypeName(field.type)},
                    {"help", field.help},
                    {"default", choice ? Json(field.choices[static_cast<int64_t>(field.defaultValue)]) : number(field.defaultValue)},
                    {"domain", describeDomain(field)},
                    {"minimum", choice ? Json() : number(field.minimum)},
                    {"maximum", choice ? Json() : number(field.maximum)},
                    {"step", field.step},
                    {"allowed", std::vector<int32_t>(field.allowed.begin(), field.allowed.end())},
                    {"choices", std::vector<std::string>(field.choices.begin(), field.choices.end())},
                    {"launch_only", field.launchOnly}});
  }
  return list;
}

Json opJson(Op const& op) {
  OpInfo const& info = op.info();
  Json types = Json::array();
  for (ElementType const type : info.types) types.push_back(elementTypeName(type));
  return {{"name", info.name},
          {"plugin_name", info.pluginName},
          {"version", info.version},
          {"summary", info.summary},
          {"input_count", info.inputCount},
          {"output_count", info.outputs.size()},
          {"elementwise", info.elementwise},
          {"types", types},
          {"variants", std::vector<std::string>(info.variants().begin(), info.variants().end())},
          {"fields", fieldsJson(info.fields)},
          {"baselines", {{"native", textOrNull(op.native() ? op.native()->name : nullptr)}, {"torch", textOrNull(op.torch())}}}};
}

Json opsJson() {
  Json ops = Json::array();
  for (Op const* const op : allOps()) ops.push_back(opJson(*op));
  return {{"abi_version", PROFILER_OPS_ABI_VERSION}, {"namespace", kPluginNamespace}, {"ops", ops}};
}

Json launchFacts(LaunchConfig const& config) {
  return {{"kernel", config.kernel},
          {"symbol", textOrNull(config.symbol())},
          {"grid", config.grid},
          {"block", config.block},
          {"dynamic_shared_memory_bytes", config.dynamicSharedMemoryBytes},
          {"items_per_thread", config.itemsPerThread},
          {"access_bytes", config.accessBytes},
          {"resolved", attributesJson(config.resolved)},
          {"note", textOrNull(config.note)}};
}

Json launchJson(Op const& op, Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs, TensorView const* outputs) {
  LaunchConfig const config = op.describeLaunch(attributes, device, inputs, outputs);
  Tolerance const tolerance = op.tolerance(attributes, outputs[0].type);
  Json launch = launchFacts(config);
  launch.update({{"cluster", config.cluster},
                 {"attributes", attributesJson(attributes)},
                 {"refusal", textOrNull(config.refusal)},
                 {"bytes_per_iteration", op.bytesPerIteration(attributes, inputs, outputs)},
                 {"workspace_bytes", op.workspaceBytes(attributes, inputs, outputs)},
                 {"tolerance_abs", tolerance.absolute},
                 {"tolerance_rel", tolerance.relative}});
  if (!config.possible()) {
    for (char const* const name : {"kernel", "grid", "block", "cluster", "resolved", "bytes_per_iteration", "workspace_bytes"}) {
      launch[name] = nullptr;
    }
  }
  return launch;
}

}  // namespace profiler::plugins
