/// Everything that differs between TensorRT 8.6, 10 and 11. The only file of the driver with a TensorRT version condition.
#pragma once

#include <NvInfer.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#if __has_include(<NvOnnxParser.h>)
#include <NvOnnxParser.h>
#define PROFILER_HAS_ONNX_PARSER 1
#else
#define PROFILER_HAS_ONNX_PARSER 0
#endif

#include "adapter/element_types.hpp"
#include "error.hpp"
#include "tensor_spec.hpp"

namespace profiler::driver {
using namespace core;
}

namespace profiler::driver::trt {

using plugins::adapter::dataType;
using plugins::adapter::elementTypeOf;

/// TensorRT objects are deleted; `destroy()` is gone.
template <typename Object>
using Owned = std::unique_ptr<Object>;

inline constexpr int kHeaderMajor = NV_TENSORRT_MAJOR;
inline constexpr int kHeaderVersion = NV_TENSORRT_VERSION;

/// Flags for createNetworkV2: explicit batch in 8.6, strong types in 10; 11 knows nothing else. The numbers moved between versions.
inline std::uint32_t networkFlags() {
#if NV_TENSORRT_MAJOR < 10
  return 1U << static_cast<int>(nvinfer1::NetworkDefinitionCreationFlag::kEXPLICIT_BATCH);
#elif NV_TENSORRT_MAJOR < 11
  return 1U << static_cast<int>(nvinfer1::NetworkDefinitionCreationFlag::kSTRONGLY_TYPED);
#else
  return 0;
#endif
}

/// What 8.6 must be told: that several contexts may share one optimisation profile, a preview feature there and always on since, and that
/// a weakly typed network may compute in half precision; since 10 types follow from the inputs.
inline void configureBuild([[maybe_unused]] nvinfer1::IBuilderConfig& config, [[maybe_unused]] std::optional<plugins::ElementType> type) {
#if NV_TENSORRT_MAJOR < 10
  config.setPreviewFeature(nvinfer1::PreviewFeature::kPROFILE_SHARING_0806, true);
  if (type != plugins::ElementType::kFloat16) return;
  config.setFlag(nvinfer1::BuilderFlag::kFP16);
  config.setFlag(nvinfer1::BuilderFlag::kPREFER_PRECISION_CONSTRAINTS);
#endif
}

/// Asks a weakly typed network (8.6) to compute a layer and keep its outputs in `type`; a no-op where types follow from the inputs.
inline void constrainLayer([[maybe_unused]] nvinfer1::ILayer& layer, [[maybe_unused]] nvinfer1::DataType type) {
#if NV_TENSORRT_MAJOR < 10
  layer.setPrecision(type);
  for (int i = 0; i < layer.getNbOutputs(); ++i) layer.setOutputType(i, type);
#endif
}

/// Sets the type of a network output of a weakly typed network (8.6); a no-op where it follows from the inputs.
inline void setOutputTensorType([[maybe_unused]] nvinfer1::ITensor& tensor, [[maybe_unused]] nvinfer1::DataType type) {
#if NV_TENSORRT_MAJOR < 10
  tensor.setType(type);
#endif
}

/// Leaves out tactics from cuBLAS, cuBLASLt and cuDNN: a builder that may use them loads those libraries for any network with a
/// plugin, and fails where they are not installed. The sources are named, because their numbers moved in 11.
inline void leaveOutExternalTactics(nvinfer1::IBuilderConfig& config) {
  constexpr auto bit = [](nvinfer1::TacticSource source) { return nvinfer1::TacticSources{1} << static_cast<int>(source); };
  nvinfer1::TacticSources const own = bit(nvinfer1::TacticSource::kEDGE_MASK_CONVOLUTIONS) | bit(nvinfer1::TacticSource::kJIT_CONVOLUTIONS);
  config.setTacticSources(config.getTacticSources() & own);
}

struct CreatorName {
  std::string name, version, pluginNamespace;
  bool operator==(CreatorName const& other) const {
    return name == other.name && version == other.version && pluginNamespace == other.pluginNamespace;
  }
};

#if NV_TENSORRT_MAJOR < 10
using Creator = nvinfer1::IPluginCreator;
#else
using Creator = nvinfer1::IPluginCreatorV3One;
#endif

/// All creators of the registry that this driver can use: V2 creators in 8.6, V3 creators since 10.
inline std::vector<Creator*> listCreators(nvinfer1::IPluginRegistry& registry) {
  std::vector<Creator*> usable;
  int count = 0;
#if NV_TENSORRT_MAJOR < 10
  auto* const* creators = registry.getPluginCreatorList(&count);
  usable.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) usable.push_back(creators[i]);
#else
  auto* const* creators = registry.getAllCreators(&count);
  for (int i = 0; i < count; ++i) {
    std::string const kind = creators[i]->getInterfaceInfo().kind;
    if (kind == "PLUGIN CREATOR_V3ONE") usable.push_back(static_cast<Creator*>(creators[i]));
  }
#endif
  return usable;
}

/// Calls the creator and adds its plugin to the network; null when either refuses.
inline nvinfer1::ILayer* addPluginLayer(nvinfer1::INetworkDefinition& network, Creator& creator, char const* layerName,
                                        nvinfer1::PluginFieldCollection const& fields, std::vector<nvinfer1::ITensor*> const& inputs) {
  auto const count = static_cast<int>(inputs.size());
#if NV_TENSORRT_MAJOR < 10
  struct Destroy {
    void operator()(nvinfer1::IPluginV2* plugin) const { plugin->destroy(); }
  };
  std::unique_ptr<nvinfer1::IPluginV2, Destroy> const plugin(creator.createPlugin(layerName, &fields));
  return plugin ? network.addPluginV2(inputs.data(), count, *plugin) : nullptr;
#else
  Owned<nvinfer1::IPluginV3> const plugin(creator.createPlugin(layerName, &fields, nvinfer1::TensorRTPhase::kBUILD));
  return plugin ? network.addPluginV3(inputs.data(), count, nullptr, 0, *plugin) : nullptr;
#endif
}

/// Dims from extents; TensorRT 8.6 counts extents in 32 bits. -1 marks a dynamic extent. Throws Unsupported when one does not fit.
inline nvinfer1::Dims requireDims(Extents const& shape) {
  nvinfer1::Dims dims{};
  using Extent = std::decay_t<decltype(dims.d[0])>;
  bool fits = shape.size() <= static_cast<std::size_t>(nvinfer1::Dims::MAX_DIMS);
  for (std::size_t i = 0; fits && i < shape.size(); ++i) {
    dims.d[i] = static_cast<Extent>(shape[i]);
    fits = dims.d[i] == shape[i];
  }
  if (!fits) throw Unsupported("TensorRT cannot hold the shape " + formatShape(shape));
  dims.nbDims = static_cast<int>(shape.size());
  return dims;
}

inline Extents extentsOf(nvinfer1::Dims const& dims) { return dims.nbDims < 0 ? Extents{-1} : Extents(dims.d, dims.d + dims.nbDims); }

}  // namespace profiler::driver::trt
