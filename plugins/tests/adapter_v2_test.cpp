/// @file
/// The IPluginV2DynamicExt library, driven as TensorRT 8.6 drives it: creators, fields, formats, shapes, and the way through serialised
/// bytes. Needs no GPU and no TensorRT library.
#include <cstring>
#include <memory>

#include "changed_attributes.hpp"
#include "check.hpp"
#include "contract/contract.hpp"
#include "malformed_fields.hpp"
#include "plugin_library.hpp"

using namespace profiler::plugins;
using namespace profiler::plugins::test;
using nvinfer1::DataType;
using nvinfer1::TensorFormat;

namespace {

struct Destroy {
  void operator()(nvinfer1::IPluginV2DynamicExt* plugin) const { plugin->destroy(); }
};
using Plugin = std::unique_ptr<nvinfer1::IPluginV2DynamicExt, Destroy>;

Plugin own(nvinfer1::IPluginV2* plugin) { return Plugin(static_cast<nvinfer1::IPluginV2DynamicExt*>(plugin)); }

nvinfer1::IPluginCreator* findCreator(PluginLibrary<nvinfer1::IPluginCreator>& library, char const* name) {
  int32_t count = 0;
  nvinfer1::IPluginCreator* const* const creators = library.creators(count);
  for (int32_t index = 0; index < count; ++index) {
    if (std::strcmp(creators[index]->getPluginName(), name) == 0) return creators[index];
  }
  return nullptr;
}

Plugin create(nvinfer1::IPluginCreator& creator, std::vector<nvinfer1::PluginField> const& fields) {
  nvinfer1::PluginFieldCollection const collection{static_cast<int32_t>(fields.size()), fields.data()};
  return own(creator.createPlugin("layer", &collection));
}

std::string bytesOf(Plugin const& plugin) {
  std::string bytes(plugin->getSerializationSize(), '\0');
  plugin->serialize(bytes.data());
  return bytes;
}

void checkRoundTrip(nvinfer1::IPluginCreator& creator, CollectingLogger& logger, Op const& op) {
  Attributes const changed = changedAttributes(op);
  GivenFields const given(changed);
  Plugin plugin = create(creator, given.fields);
  CHECK_DETAIL(plugin != nullptr, logger.take());
  std::string const bytes = bytesOf(plugin);
  CHECK(bytes.find(changed.text()) != std::string::npos);
  CHECK_DETAIL(givesOutputShapes(op, changed,
                                 [&](int32_t output, std::vector<nvinfer1::DimsExprs> const& inputs, nvinfer1::IExprBuilder& builder) {
                                   return plugin->getOutputDimensions(output, inputs.data(), static_cast<int32_t>(inputs.size()), builder);
                                 }),
               op.info().name);
  Plugin const copy(plugin->clone());
  CHECK(bytesOf(copy) == bytes && std::strcmp(copy->getPluginNamespace(), kPluginNamespace) == 0);
  plugin.reset();
  Plugin const revived = own(creator.deserializePlugin("layer", bytes.data(), bytes.size()));
  CHECK_DETAIL(revived != nullptr && bytesOf(revived) == bytes, logger.take());
  for (size_t length = 0; length < bytes.size(); ++length) {
    std::string const cut = bytes.substr(0, length);
    CHECK(creator.deserializePlugin("layer", cut.data(), cut.size()) == nullptr && logger.take().find("truncated") != std::string::npos);
  }
  CHECK(creator.deserializePlugin("layer", nullptr, 0) == nullptr && !logger.take().empty());
}

void checkMalformed(nvinfer1::IPluginCreator& creator, CollectingLogger& logger) {
  FieldValues const values;
  for (MalformedFields const& malformed : malformedFields(values)) {
    CHECK_DETAIL(create(creator, malformed.fields) == nullptr, malformed.what);
    std::string const logged = logger.take();
    CHECK_DETAIL(logged.find(malformed.reason) != std::string::npos, malformed.what + ": " + logged);
  }
  CHECK(creator.createPlugin("layer", nullptr) == nullptr);
}

void checkFormatsAndShapes(Plugin const& plugin) {
  nvinfer1::Dims const image{4, {-1, 3, 8, 8}};
  nvinfer1::PluginTensorDesc tensors[2] = {tensorDesc(DataType::kHALF, TensorFormat::kLINEAR, image),
                                           tensorDesc(DataType::kHALF, TensorFormat::kLINEAR, image)};
  CHECK(plugin->supportsFormatCombination(0, tensors, 1, 1) && plugin->supportsFormatCombination(1, tensors, 1, 1));
  tensors[1].type = DataType::kFLOAT;
  CHECK(!plugin->supportsFormatCombination(1, tensors, 1, 1) && !plugin->supportsFormatCombination(2, tensors, 1, 1));
  tensors[0].type = DataType::kINT8;
  CHECK(!plugin->supportsFormatCombination(0, tensors, 1, 1));
  DataType const type = DataType::kHALF;
  CHECK(plugin->getNbOutputs() == 1 && plugin->getOutputDataType(0, &type, 1) == DataType::kHALF);
  CHECK(plugin->getOutputDataType(0, nullptr, 0) == DataType::kFLOAT && plugin->getOutputDataType(1, &type, 1) == DataType::kFLOAT);
  CHECK(plugin->getOutputDataType(-1, &type, 1) == DataType::kFLOAT);
  for (TensorFormat const format : {TensorFormat::kCHW2, TensorFormat::kCHW4, TensorFormat::kCHW16, TensorFormat::kCHW32}) {
    tensors[0] = tensors[1] = tensorDesc(DataType::kHALF, format, image);
    CHECK(plugin->supportsFormatCombination(0, tensors, 1, 1) && plugin->supportsFormatCombination(1, tensors, 1, 1));
  }
  tensors[0] = tensorDesc(DataType::kFLOAT, TensorFormat::kCHW4, image);
  CHECK(!plugin->supportsFormatCombination(0, tensors, 1, 1));
  nvinfer1::DimsExprs dims{};
  dims.nbDims = 2;
  Expressions expressions;
  CHECK(plugin->getOutputDimensions(0, &dims, 1, expressions).nbDims == 2);
  CHECK(plugin->getOutputDimensions(0, &dims, 2, expressions).nbDims == -1);
}

void checkEnqueueRefusals(Plugin const& plugin, CollectingLogger& logger) {
  nvinfer1::PluginTensorDesc const tensor = tensorDesc(DataType::kFLOAT, TensorFormat::kLINEAR, {1, {16}});
  nvinfer1::PluginTensorDesc const wrong = tensorDesc(DataType::kINT32, TensorFormat::kLINEAR, {1, {16}});
  nvinfer1::PluginTensorDesc const empty = tensorDesc(DataType::kFLOAT, TensorFormat::kLINEAR, {2, {0, 16}});
  void const* inputs[] = {nullptr};
  void* outputs[] = {nullptr};
  CHECK(plugin->enqueue(&wrong, &tensor, inputs, outputs, nullptr, nullptr) != 0 && !logger.take().empty());
  CHECK(plugin->enqueue(&tensor, &tensor, inputs, outputs, nullptr, nullptr) != 0 && !logger.take().empty());
  CHECK(plugin->enqueue(&empty, &empty, inputs, outputs, nullptr, nullptr) == 0);
  nvinfer1::PluginTensorDesc const unknown = tensorDesc(DataType::kHALF, TensorFormat::kHWC8, {4, {1, -1, 8, 8}});
  CHECK(plugin->enqueue(&unknown, &unknown, inputs, outputs, nullptr, nullptr) != 0 && !logger.take().empty());
}

}  // namespace

int main(int, char** arguments) {
  PluginLibrary<nvinfer1::IPluginCreator> library(arguments[1], "getPluginCreators");
  CollectingLogger logger;
  Finder finder(logger);
  library.setLoggerFinder(&finder);
  for (Op const* const op : allOps()) {
    nvinfer1::IPluginCreator* const creator = findCreator(library, op->info().pluginName);
    CHECK_DETAIL(creator != nullptr, op->info().pluginName);
    CHECK(std::strcmp(creator->getPluginNamespace(), kPluginNamespace) == 0 && std::strcmp(creator->getPluginVersion(), "1") == 0);
    CHECK(creator->getFieldNames()->nbFields == op->info().fields.size());
    checkRoundTrip(*creator, logger, *op);
  }
  nvinfer1::IPluginCreator& swishCreator = *findCreator(library, "ProfilerSwish");
  checkMalformed(swishCreator, logger);
  Plugin const swish = create(swishCreator, {});
  checkFormatsAndShapes(swish);
  checkEnqueueRefusals(swish, logger);
  swishCreator.setPluginNamespace("elsewhere");  // the registry may move a creator, and its plugins must follow
  CHECK(std::strcmp(create(swishCreator, {})->getPluginNamespace(), "elsewhere") == 0);
  library.setLoggerFinder(nullptr);
  return checks().finish("adapter_v2");
}
