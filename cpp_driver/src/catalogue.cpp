#include "catalogue.hpp"

#include <algorithm>

#include "contract/contract.hpp"
#include "contract/native.hpp"
#include "contract/op_json.hpp"
#include "error.hpp"
#include "json.hpp"
#include "references.hpp"
#include "sweep.hpp"

namespace profiler::driver {
namespace {

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

/// Attributes of an op; an engine's or model's are those of its reference.
plugins::FieldTable fieldsOf(std::string const& op, Options const& options) {
  return driver::fieldsOf(!options.network().empty() && op != kCopyOp ? options.reference : op);
}

/// Why the op takes none of these values, empty when it takes them.
std::string valueRefusal(PointRequest const& point, Options const& options) {
  plugins::Attributes attributes(fieldsOf(point.op, options));
  for (auto const& [name, text] : point.attributes)
    if (auto const outcome = attributes.set(name, text); !outcome) return outcome.reason;
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

std::string fieldText(plugins::Field const& field) {
  plugins::Attributes const defaults(plugins::FieldTable{&field, 1});
  return "    " + std::string(field.name) + "=" + defaults.textAt(0) + "  " + plugins::describeDomain(field) + ": " + field.help + "\n";
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
    for (auto const& every : pluginNames())
      if (!named(every)) expanded.push_back(every);
  }
  return expanded;
}

std::vector<std::string> attributeNamesOf(std::string const& op, Options const& options) {
  std::vector<std::string> names;
  for (auto const& field : fieldsOf(op, options)) names.emplace_back(field.name);
  return names;
}

void refuseUnrunnable(std::vector<PointRequest> const& points, Options const& options) {
  std::vector<std::string> const ops = allOpNames();
  auto const isOp = [&](std::string const& name) { return std::find(ops.begin(), ops.end(), name) != ops.end(); };
  if (!options.reference.empty() && !isOp(options.reference)) {
    throw usageError("--reference: no op is called '" + options.reference + "'" + didYouMean(options.reference, ops));
  }
  for (auto const& point : points) {
    if (options.network().empty() && !isOp(point.op)) {
      throw usageError("no op is called '" + point.op + "'" + didYouMean(point.op, ops), "profiler-driver --list shows the ops");
    }
    if (options.direct && point.op.rfind(kNativePrefix, 0) == 0) {
      throw usageError(point.op + " contradicts --direct: native layers need TensorRT", "drop --direct or the op");
    }
    if ((options.network().empty() || point.op == kCopyOp) && (!point.shape || !point.type)) {
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
    text += '\n';
    for (auto const& field : info.fields) text += fieldText(field);
  }
  text += "\nTensorRT's own layers (--native NAME, the prefix may be left out)\n";
  for (auto const* op : plugins::nativeOps()) {
    text += "  " + std::string(op->name) + "  " + op->summary + "\n";
    for (auto const& field : op->fields) text += fieldText(field);
  }
  text += std::string("\nCopy (--copy)\n  ") + kCopyOp +
          "  y = x on the device\n\nTypes: fp32, fp16, bf16 (bf16 in TensorRT networks: from TensorRT 10 on)\n";
  return text;
}

std::string listJson() {
  Json document = {{"plugins", Json::array()}, {"native", Json::array()}, {"types", Json::array()}, {"settings", fillSettings({})}};
  for (auto const* op : plugins::allOps()) {
    Json entry = plugins::opJson(*op);
    entry["namespace"] = plugins::kPluginNamespace;
    entry["attributes"] = std::move(entry["fields"]);
    entry.erase("fields");
    document["plugins"].push_back(std::move(entry));
  }
  for (auto const* op : plugins::nativeOps()) {
    document["native"].push_back({{"name", op->name}, {"summary", op->summary}, {"attributes", plugins::fieldsJson(op->fields)}});
  }
  for (auto const type : plugins::kElementTypes) document["types"].push_back(plugins::elementTypeName(type));
  return dump(document) + "\n";
}

}  // namespace profiler::driver
