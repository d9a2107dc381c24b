/// Describes a network and writes it into TensorRT: one plugin, one native op, or an ONNX model.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/contract.hpp"
#include "contract/native.hpp"
#include "options.hpp"
#include "plugin_libraries.hpp"
#include "point.hpp"

namespace profiler::driver::trt {

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
  std::vector<Options::ShapeRange> inputRanges() const;

  /// All of it in one text; equal texts mean equal networks.
  std::string identity() const;
};

/// Digest of an ONNX model together with the files that hold its weights, when it keeps them outside.
std::string digestModel(std::string const& path);

/// Constants of a network. TensorRT reads them when it builds, so they must live until then.
using KeptWeights = std::vector<std::unique_ptr<std::uint32_t>>;

/// Fills an empty network and returns its constants. Throws Unsupported with TensorRT's own words where it refuses.
[[nodiscard]] KeptWeights defineNetwork(nvinfer1::INetworkDefinition& network, NetworkDescription const& description,
                                        PluginLibraries const& plugins, Library const& tensorrt, Log& log);

/// Adds the optimisation profile for the dynamic inputs; nothing for a static network.
void addProfile(nvinfer1::IBuilder& builder, nvinfer1::IBuilderConfig& config, nvinfer1::INetworkDefinition& network,
                NetworkDescription const& description);

}  // namespace profiler::driver::trt
