/// Describes a network and writes it into TensorRT: one plugin, one native op, or an ONNX model.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapter/adapter_common.hpp"
#include "contract/native.hpp"
#include "digest.hpp"
#include "direct_engine.hpp"
#include "files.hpp"
#include "options.hpp"
#include "plugin_libraries.hpp"

namespace profiler::driver::trt {

/// Digest of an ONNX model together with the files that hold its weights, when it keeps them outside.
inline std::string digestModel(std::string const& path) {
  // StringStringEntryProto {key: "location", value: FILE}: field 1 with the key, field 2 with the length of the value and the value.
  static std::string const kMark("\x0A\x08location\x12", 11);
  std::string const bytes = readFile(path, "check --onnx");
  std::set<std::string> names;
  for (std::size_t at = bytes.find(kMark); at != std::string::npos; at = bytes.find(kMark, at + 1)) {
    // a length is a varint: seven bits a byte, lowest first, the eighth says that more follow
    std::size_t start = at + kMark.size(), length = 0;
    for (int shift = 0; start < bytes.size() && shift < 28; shift += 7) {
      auto const byte = static_cast<unsigned char>(bytes[start++]);
      length |= static_cast<std::size_t>(byte & 0x7F) << shift;
      if (byte < 0x80) break;
    }
    if (length > 0 && length <= bytes.size() - start) names.insert(bytes.substr(start, length));
  }
  std::string digest = digestBytes(bytes);
  for (auto const& name : names) digest += " " + digestFile((std::filesystem::path(path).parent_path() / name).string());
  return digest;
}

/// Everything that decides what an engine computes. Exactly one of `plugin`, `native` and `onnxFile` is set.
struct NetworkDescription {
  plugins::Op const* plugin = nullptr;
  std::string pluginVersion;
  plugins::NativeOp const* native = nullptr;
  std::string onnxFile;
  plugins::Attributes attributes;
  std::optional<plugins::ElementType> type;
  std::optional<Options::ShapeRange> range;    ///< Of every dynamic input without a shape of its own.
  std::map<std::string, Extents> inputShapes;  ///< ONNX: shapes of named inputs.

  /// Shape range of each input of a plugin or native network.
  std::vector<Options::ShapeRange> inputRanges() const {
    if (plugin == nullptr) return {*range};
    auto const viewsOf = [&](Extents const& shape) { return OpViews(*plugin, attributes, shape, *type).inputs; };
    auto const min = viewsOf(range->min), opt = viewsOf(range->opt), max = viewsOf(range->max);
    std::vector<Options::ShapeRange> ranges(opt.size());
    for (std::size_t i = 0; i < opt.size(); ++i) {
      ranges[i] = {core::extentsOf(min[i].shape), core::extentsOf(opt[i].shape), core::extentsOf(max[i].shape)};
    }
    return ranges;
  }

  /// All of it in one text; equal texts mean equal networks.
  std::string identity() const {
    std::string text =
        plugin ? std::string("plugin ") + plugin->info().pluginName + " " + (pluginVersion.empty() ? plugin->info().version : pluginVersion)
        : native ? std::string("native ") + native->name
                 : "onnx " + digestModel(onnxFile);
    text += "\n" + attributes.text() + "\n" + (type ? plugins::elementTypeName(*type) : "") + "\n";
    if (range) text += formatShape(range->min) + ":" + formatShape(range->opt) + ":" + formatShape(range->max);
    for (auto const& [name, shape] : inputShapes) text += "\n" + name + " " + formatShape(shape);
    return text;
  }
};

/// Constants of a network. TensorRT reads them when it builds, so they must live until then.
using KeptWeights = std::vector<std::unique_ptr<std::uint32_t>>;

using nvinfer1::INetworkDefinition;
using nvinfer1::ITensor;

template <typename Object>
Object& require(Object* object, std::string const& what, Log& log) {
  if (object == nullptr) throw Unsupported("TensorRT refused " + what + ": " + log.takeMessages());
  return *object;
}

inline nvinfer1::DataType requireDataType(plugins::ElementType type) {
  auto const found = dataType(type);
  if (!found) throw Unsupported(std::string("TensorRT ") + std::to_string(kHeaderMajor) + " has no " + plugins::elementTypeName(type));
  return *found;
}

/// The shape with -1 where the range leaves an extent open.
inline Extents openShape(Options::ShapeRange const& range) {
  Extents shape = range.opt;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (range.min[i] != range.max[i]) shape[i] = -1;
  return shape;
}

inline ITensor& finishLayer(nvinfer1::ILayer* layer, std::string const& name, nvinfer1::DataType type, Log& log) {
  require(layer, "the layer " + name, log).setName(name.c_str());
  constrainLayer(*layer, type);
  return *layer->getOutput(0);
}

inline std::vector<ITensor*> addPlugin(INetworkDefinition& network, NetworkDescription const& description,
                                       std::vector<ITensor*> const& inputs, PluginLibraries const& plugins, Log& log) {
  plugins::OpInfo const& info = description.plugin->info();
  CreatorName const wanted{info.pluginName, description.pluginVersion.empty() ? info.version : description.pluginVersion,
                           plugins::kPluginNamespace};
  Creator& creator = plugins.find(wanted);
  plugins::adapter::PluginFields const fields(description.attributes);
  nvinfer1::ILayer* layer = addPluginLayer(network, creator, info.name, *fields.collection(), inputs);
  require(layer, std::string("the plugin ") + info.pluginName, log).setName(info.name);
  std::vector<ITensor*> outputs(static_cast<std::size_t>(layer->getNbOutputs()));
  for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = layer->getOutput(static_cast<int>(i));
  return outputs;
}

/// A constant of one element, whose shape broadcasts over the input.
inline nvinfer1::ILayer* addConstant(INetworkDefinition& network, NetworkDescription const& description, std::int32_t attribute,
                                     ITensor const& input, nvinfer1::DataType type, KeptWeights& kept) {
  Extents const ones(static_cast<std::size_t>(input.getDimensions().nbDims), 1);
  kept.push_back(std::make_unique<std::uint32_t>(0));
  plugins::storeElement(*description.type, kept.back().get(), 0, description.attributes.numberAt(attribute));
  return network.addConstant(requireDims(ones), {type, kept.back().get(), 1});
}

inline std::vector<ITensor*> addNative(INetworkDefinition& network, NetworkDescription const& description, std::vector<ITensor*> tensors,
                                       nvinfer1::DataType type, KeptWeights& kept, Log& log) {
  using nvinfer1::ActivationType;
  using nvinfer1::ElementWiseOperation;
  using Kind = plugins::NativeLayer::Kind;
  for (plugins::NativeLayer const& step : description.native->layers) {
    auto const operand = [&](int index) -> ITensor& { return *tensors.at(static_cast<std::size_t>(step.operands[index])); };
    nvinfer1::ILayer* layer = nullptr;
    switch (step.kind) {
      case Kind::kRelu: layer = network.addActivation(operand(0), ActivationType::kRELU); break;
      case Kind::kSigmoid: layer = network.addActivation(operand(0), ActivationType::kSIGMOID); break;
      case Kind::kIdentity: layer = network.addIdentity(operand(0)); break;
      case Kind::kSum: layer = network.addElementWise(operand(0), operand(1), ElementWiseOperation::kSUM); break;
      case Kind::kProduct: layer = network.addElementWise(operand(0), operand(1), ElementWiseOperation::kPROD); break;
      case Kind::kConstant: layer = addConstant(network, description, step.operands[0], *tensors[0], type, kept); break;
    }
    tensors.push_back(&finishLayer(layer, step.name, type, log));
  }
  return {tensors.back()};
}

inline KeptWeights defineOp(INetworkDefinition& network, NetworkDescription const& description, PluginLibraries const& plugins, Log& log) {
  KeptWeights kept;
  nvinfer1::DataType const type = requireDataType(*description.type);
  std::vector<ITensor*> inputs;
  for (auto const& range : description.inputRanges()) {
    std::string const name = "input" + std::to_string(inputs.size());
    inputs.push_back(&require(network.addInput(name.c_str(), type, requireDims(openShape(range))), "an input", log));
  }
  auto const outputs =
      description.plugin ? addPlugin(network, description, inputs, plugins, log) : addNative(network, description, inputs, type, kept, log);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i]->setName(("output" + std::to_string(i)).c_str());
    network.markOutput(*outputs[i]);
    setOutputTensorType(*outputs[i], type);
  }
  return kept;
}

inline void parseOnnx([[maybe_unused]] INetworkDefinition& network, [[maybe_unused]] std::string const& file,
                      [[maybe_unused]] Library const& tensorrt, [[maybe_unused]] Log& log) {
#if PROFILER_HAS_ONNX_PARSER
  auto const parser = tensorrt.createParser(network);
  if (parser->parseFromFile(file.c_str(), static_cast<int>(nvinfer1::ILogger::Severity::kWARNING))) return;
  std::string reasons;
  for (int i = 0; i < parser->getNbErrors(); ++i) reasons += std::string(i ? "; " : "") + parser->getError(i)->desc();
  throw Unsupported("the ONNX parser refused " + file + ": " + reasons);
#else
  throw Unsupported("this driver's module for TensorRT " + std::to_string(kHeaderMajor) +
                    " was built without NvOnnxParser.h; build an engine elsewhere and use --engine");
#endif
}

/// Range of one input: its own shape where given, else what the op makes of the common range, else that range.
inline Options::ShapeRange rangeOf(ITensor const& input, std::size_t position, NetworkDescription const& description) {
  if (description.onnxFile.empty()) return description.inputRanges().at(position);
  auto const own = description.inputShapes.find(input.getName());
  if (own != description.inputShapes.end()) return {own->second, own->second, own->second};
  if (description.range) return *description.range;
  throw Unsupported(std::string("input '") + input.getName() + "' has a dynamic shape; give --shape, --profile or --input-shape " +
                    input.getName() + ":DIMS");
}

/// Fills an empty network and returns its constants. Throws Unsupported with TensorRT's own words where it refuses.
[[nodiscard]] inline KeptWeights defineNetwork(INetworkDefinition& network, NetworkDescription const& description,
                                               PluginLibraries const& plugins, Library const& tensorrt, Log& log) {
  if (!description.onnxFile.empty()) {
    parseOnnx(network, description.onnxFile, tensorrt, log);
    return {};
  }
  if (tensorrt.isRtx()) throw Unsupported("TensorRT for RTX takes ONNX models only; use --onnx");
  return defineOp(network, description, plugins, log);
}

/// Adds the optimisation profile for the dynamic inputs; nothing for a static network.
inline void addProfile(nvinfer1::IBuilder& builder, nvinfer1::IBuilderConfig& config, INetworkDefinition& network,
                       NetworkDescription const& description) {
  nvinfer1::IOptimizationProfile* profile = nullptr;
  for (int i = 0; i < network.getNbInputs(); ++i) {
    ITensor const& input = *network.getInput(i);
    Extents const shape = extentsOf(input.getDimensions());
    if (std::find(shape.begin(), shape.end(), -1) == shape.end()) continue;
    Options::ShapeRange const range = rangeOf(input, static_cast<std::size_t>(i), description);
    if (!profile) profile = builder.createOptimizationProfile();
    using nvinfer1::OptProfileSelector;
    bool const accepted = profile && profile->setDimensions(input.getName(), OptProfileSelector::kMIN, requireDims(range.min)) &&
                          profile->setDimensions(input.getName(), OptProfileSelector::kOPT, requireDims(range.opt)) &&
                          profile->setDimensions(input.getName(), OptProfileSelector::kMAX, requireDims(range.max));
    if (!accepted) throw Unsupported(std::string("TensorRT refused the shape range of input '") + input.getName() + "'");
  }
  if (profile && config.addOptimizationProfile(profile) < 0) throw Unsupported("TensorRT refused the optimisation profile");
}

}  // namespace profiler::driver::trt
