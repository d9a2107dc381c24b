/// @file
/// Writes the JSON texts of op_json.hpp. Every string is static program text or an attribute word; all are escaped all the same.
#include "op_json.hpp"

#include <cstdio>

#include "c_api.h"
#include "registry.hpp"

namespace profiler::plugins {
namespace {

std::string quote(char const* text) {
  if (text == nullptr) {
    return "null";
  }
  std::string quoted = "\"";
  for (char const* next = text; *next != '\0'; ++next) {
    auto const byte = static_cast<unsigned char>(*next);
    if (byte == '"' || byte == '\\') {
      quoted += '\\';
      quoted += *next;
    } else if (byte < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      quoted += escape;
    } else {
      quoted += *next;
    }
  }
  return quoted + "\"";
}

std::string number(double value) {
  char text[32] = {};
  std::snprintf(text, sizeof text, "%.9g", value);
  for (char& letter : text) {  // a host program may have set a locale with a decimal comma
    letter = letter == ',' ? '.' : letter;
  }
  return text;
}

template <typename Items, typename Text>
std::string list(Items const& items, Text text) {
  std::string joined;
  for (auto const& item : items) {
    joined += (joined.empty() ? "" : ", ") + text(item);
  }
  return "[" + joined + "]";
}

std::string fieldJson(Field const& field) {
  bool const choice = field.type == FieldType::kChoice;
  std::string const fallback = choice ? quote(field.choices[static_cast<int64_t>(field.defaultValue)]) : number(field.defaultValue);
  return "{\"name\": " + quote(field.name) + ", \"type\": " + quote(fieldTypeName(field.type)) + ", \"help\": " + quote(field.help) +
         ", \"default\": " + fallback + ", \"minimum\": " + (choice ? "null" : number(field.minimum)) +
         ", \"maximum\": " + (choice ? "null" : number(field.maximum)) + ", \"step\": " + std::to_string(field.step) +
         ", \"allowed\": " + list(field.allowed, [](int32_t value) { return std::to_string(value); }) +
         ", \"choices\": " + list(field.choices, quote) + ", \"launch_only\": " + (field.launchOnly ? "true" : "false") + "}";
}

std::string opJson(OpInfo const& info) {
  return "{\"name\": " + quote(info.name) + ", \"plugin_name\": " + quote(info.pluginName) + ", \"version\": " + quote(info.version) +
         ", \"summary\": " + quote(info.summary) + ", \"input_count\": " + std::to_string(info.inputCount) +
         ", \"output_count\": " + std::to_string(info.outputs.size()) + ", \"elementwise\": " + (info.elementwise ? "true" : "false") +
         ", \"types\": " + list(info.types, [](ElementType type) { return quote(elementTypeName(type)); }) +
         ", \"variants\": " + list(info.variants(), quote) + ", \"fields\": " + list(info.fields, fieldJson) + "}";
}

std::string attributesJson(Attributes const& attributes) {
  std::string joined;
  for (int32_t index = 0; index < attributes.fields().size(); ++index) {
    Field const& field = attributes.fields()[index];
    std::string const text = attributes.textAt(index);
    joined += (joined.empty() ? "" : ", ") + quote(field.name) + ": " + (field.type == FieldType::kChoice ? quote(text.c_str()) : text);
  }
  return "{" + joined + "}";
}

std::string triple(uint32_t const (&values)[3]) {
  return list(values, [](uint32_t value) { return std::to_string(value); });
}

}  // namespace

std::string opsJson() {
  return "{\"abi_version\": " + std::to_string(PROFILER_OPS_ABI_VERSION) + ", \"namespace\": " + quote(kPluginNamespace) +
         ", \"ops\": " + list(allOps(), [](Op const* op) { return opJson(op->info()); }) + "}";
}

std::string launchJson(Op const& op, Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                       TensorView const* outputs) {
  LaunchConfig const config = op.describeLaunch(attributes, device, inputs, outputs);
  bool const possible = config.possible();
  Tolerance const tolerance = op.tolerance(attributes, outputs[0].type);
  return "{\"kernel\": " + (possible ? quote(config.kernel) : "null") + ", \"symbol\": " + quote(config.symbol()) +
         ", \"grid\": " + (possible ? triple(config.grid) : "null") + ", \"block\": " + (possible ? triple(config.block) : "null") +
         ", \"cluster\": " + (possible ? triple(config.cluster) : "null") +
         ", \"dynamic_shared_memory_bytes\": " + std::to_string(config.dynamicSharedMemoryBytes) +
         ", \"items_per_thread\": " + std::to_string(config.itemsPerThread) + ", \"access_bytes\": " + std::to_string(config.accessBytes) +
         ", \"attributes\": " + attributesJson(attributes) + ", \"resolved\": " + (possible ? attributesJson(config.resolved) : "null") +
         ", \"note\": " + quote(config.note) + ", \"refusal\": " + quote(config.refusal) +
         ", \"bytes_per_iteration\": " + (possible ? std::to_string(op.bytesPerIteration(attributes, inputs, outputs)) : "null") +
         ", \"workspace_bytes\": " + (possible ? std::to_string(op.workspaceBytes(attributes, inputs, outputs)) : "null") +
         ", \"tolerance_abs\": " + number(tolerance.absolute) + ", \"tolerance_rel\": " + number(tolerance.relative) + "}";
}

}  // namespace profiler::plugins
