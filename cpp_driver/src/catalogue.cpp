#include "catalogue.hpp"

#include <algorithm>

#include "contract/contract.hpp"
#include "contract/native.hpp"
#include "error.hpp"
#include "json_writer.hpp"
#include "nearest_name.hpp"
#include "references.hpp"
#include "sweep.hpp"

namespace profiler::driver {
namespace {

std::vector<std::string> fieldNames(plugins::FieldTable fields) {
  std::vector<std::string> names;
  for (auto const& field : fields) names.push_back(field.name);
  return names;
}

std::vector<std::string> pluginNames() {
  std::vector<std::string> names;
  for (auto const* op : plugins::allOps()) names.push_back(op->info().name);
  return names;
}

std::vector<std::string> allOpNames() {
  std::vector<std::string> names = pluginNames();
  for (auto const* op : plugins::nativeOps()) names.push_back(op->name);
  names.push_back(kCopyOp);
  return names;
}

bool runsNetworkFile(Options const& options) { return !options.engineFile.empty() || !options.onnxFile.empty(); }

/// Attributes of an op; an engine's or model's are those of its reference.
plugins::FieldTable fieldsOf(std::string const& op, Options const& options) {
  return driver::fieldsOf(runsNetworkFile(options) && op != kCopyOp ? options.reference : op);
}

/// Why the op takes none of these values, empty when it takes them.
std::string valueRefusal(PointRequest const& point, Options const& options) {
  plugins::Attributes attributes(fieldsOf(point.op, options));
  for (auto const& [name, text] : point.attributes) {
    if (auto const outcome = attributes.set(name, text); !outcome) return outcome.reason;
  }
  return {};
}

/// A value that some points of a sweep cannot take skips these points; where no point could run, no GPU time is spent to say so. The
/// points of a file were chosen one by one and are skipped one by one, as a program that goes on with the rest of a sweep expects.
void refuseValuesOfNoUse(std::vector<PointRequest> const& points, Options const& options) {
  if (!options.pointsFile.empty() || points.empty()) return;
  auto const accepted = [&](PointRequest const& point) { return valueRefusal(point, options).empty(); };
  if (std::any_of(points.begin(), points.end(), accepted)) return;
  throw usageError("no point of this sweep can run: " + points.front().op + ": " + valueRefusal(points.front(), options),
                   "profiler-driver --list shows the values of each attribute");
}

char const* kTypesText = "fp32, fp16, bf16 (bf16 in TensorRT networks: from TensorRT 10 on)";

std::string fieldText(plugins::Field const& field) {
  plugins::Attributes const defaults(plugins::FieldTable{&field, 1});
  return "    " + std::string(field.name) + "=" + defaults.textAt(0) + "  " + plugins::describeDomain(field) + ": " + field.help + "\n";
}

void writeFields(JsonWriter& json, plugins::FieldTable fields) {
  json.key("attributes").beginArray();
  for (auto const& field : fields) {
    plugins::Attributes const defaults(plugins::FieldTable{&field, 1});
    json.beginObject().field("name", field.name).field("type", plugins::fieldTypeName(field.type)).field("help", field.help);
    json.field("default", defaults.textAt(0)).field("domain", plugins::describeDomain(field)).field("launch_only", field.launchOnly);
    json.key("choices").beginArray();
    for (auto const* choice : field.choices) json.value(choice);
    json.endArray().key("allowed").beginArray();
    for (auto const allowed : field.allowed) json.value(allowed);
    json.endArray();
    bool const isNumber = field.type != plugins::FieldType::kChoice;
    json.key("minimum").value(isNumber ? std::optional(field.minimum) : std::nullopt);
    json.key("maximum").value(isNumber ? std::optional(field.maximum) : std::nullopt);
    json.endObject();
  }
  json.endArray();
}

void writePlugin(JsonWriter& json, plugins::OpInfo const& info) {
  json.beginObject().field("name", info.name).field("plugin_name", info.pluginName).field("version", info.version);
  json.field("namespace", plugins::kPluginNamespace).field("summary", info.summary).field("input_count", info.inputCount);
  json.key("types").beginArray();
  for (auto const type : info.types) json.value(plugins::elementTypeName(type));
  json.endArray().key("variants").beginArray();
  for (auto const* variant : info.variants()) json.value(variant);
  json.endArray();
  writeFields(json, info.fields);
  json.endObject();
}

}  // namespace

std::vector<std::string> expandPlugins(std::vector<std::string> const& names) {
  std::vector<std::string> expanded;
  auto const named = [&](std::string const& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  for (auto const& name : names) {
    if (name != "all") {
      expanded.push_back(name);
      continue;
    }
    for (auto const& every : pluginNames()) {
      if (!named(every)) expanded.push_back(every);
    }
  }
  return expanded;
}

std::vector<std::string> attributeNamesOf(std::string const& op, Options const& options) { return fieldNames(fieldsOf(op, options)); }

void refuseUnrunnable(std::vector<PointRequest> const& points, Options const& options) {
  std::vector<std::string> const ops = allOpNames();
  auto const isOp = [&](std::string const& name) { return std::find(ops.begin(), ops.end(), name) != ops.end(); };
  if (!options.reference.empty() && !isOp(options.reference)) {
    throw usageError("--reference: no op is called '" + options.reference + "'" + didYouMean(options.reference, ops));
  }
  for (auto const& point : points) {
    if (!runsNetworkFile(options) && !isOp(point.op)) {
      throw usageError("no op is called '" + point.op + "'" + didYouMean(point.op, ops), "profiler-driver --list shows the ops");
    }
    if (options.direct && point.op.rfind(kNativePrefix, 0) == 0) {
      throw usageError(point.op + " contradicts --direct: native layers need TensorRT", "drop --direct or the op");
    }
    if ((!runsNetworkFile(options) || point.op == kCopyOp) && (!point.shape || !point.type)) {
      throw usageError("the point '" + point.label + "' has no " + (point.shape ? "dtype" : "shape"), "add shape=65536x1024 dtype=fp32");
    }
    std::vector<std::string> const known = attributeNamesOf(point.op, options);
    for (auto const& [name, text] : point.attributes) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      throw usageError(point.op + " has no attribute '" + name + "'" + didYouMean(name, known),
                       "profiler-driver --list shows the attributes");
    }
  }
  refuseValuesOfNoUse(points, options);
}

std::string listText() {
  std::string text = "Plugins (--plugin NAME, with --direct or through TensorRT)\n";
  for (auto const* op : plugins::allOps()) {
    auto const& info = op->info();
    text += "  " + std::string(info.name) + "  " + info.summary + "  (TensorRT and ONNX: " + info.pluginName + ", version " + info.version +
            ", namespace " + plugins::kPluginNamespace + ")\n";
    text += "    types:";
    for (auto const type : info.types) text += std::string(" ") + plugins::elementTypeName(type);
    text += "    variants:";
    for (auto const* variant : info.variants()) text += std::string(" ") + variant;
    text += "\n";
    for (auto const& field : info.fields) text += fieldText(field);
  }
  text += "\nTensorRT's own layers (--native NAME, the prefix may be left out)\n";
  for (auto const* op : plugins::nativeOps()) {
    text += "  " + std::string(op->name) + "  " + op->summary + "\n";
    for (auto const& field : op->fields) text += fieldText(field);
  }
  text += std::string("\nCopy (--copy)\n  ") + kCopyOp + "  y = x, cudaMemcpyAsync on the device\n\nTypes: " + kTypesText + "\n";
  return text;
}

std::string listJson() {
  JsonWriter json;
  json.beginObject().key("plugins").beginArray();
  for (auto const* op : plugins::allOps()) writePlugin(json, op->info());
  json.endArray().key("native").beginArray();
  for (auto const* op : plugins::nativeOps()) {
    json.beginObject().field("name", op->name).field("summary", op->summary);
    writeFields(json, op->fields);
    json.endObject();
  }
  json.endArray().key("types").beginArray();
  for (auto const type : plugins::kElementTypes) json.value(plugins::elementTypeName(type));
  json.endArray().endObject();
  return json.text() + "\n";
}

}  // namespace profiler::driver
