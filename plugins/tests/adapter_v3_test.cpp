/// @file
/// The IPluginV3 library, driven as TensorRT drives it: creators, fields, formats, shapes, and the way from the build phase to the
/// runtime phase through the serialised fields. Needs no GPU and no TensorRT library.
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
using nvinfer1::TensorRTPhase;

namespace {

using Plugin = std::unique_ptr<nvinfer1::IPluginV3>;

nvinfer1::IPluginCreatorV3One* findCreator(PluginLibrary<nvinfer1::IPluginCreatorInterface>& library, char const* name) {
  int32_t count = 0;
  nvinfer1::IPluginCreatorInterface* const* const creators = library.creators(count);
  for (int32_t index = 0; index < count; ++index) {
    CHECK(std::strcmp(creators[index]->getInterfaceInfo().kind, "PLUGIN CREATOR_V3ONE") == 0);
    auto* const creator = static_cast<nvinfer1::IPluginCreatorV3One*>(creators[index]);
    if (std::strcmp(creator->getPluginName(), name) == 0) return creator;
  }
  return nullptr;
}

template <typename Capability>
Capability* capability(nvinfer1::IPluginV3& plugin, nvinfer1::PluginCapabilityType type) {
  return static_cast<Capability*>(plugin.getCapabilityInterface(type));
}

nvinfer1::IPluginV3OneBuild* build(Plugin const& plugin) {
  return capability<nvinfer1::IPluginV3OneBuild>(*plugin, nvinfer1::PluginCapabilityType::kBUILD);
}

nvinfer1::IPluginV3OneRuntime* runtime(Plugin const& plugin) {
  return capability<nvinfer1::IPluginV3OneRuntime>(*plugin, nvinfer1::PluginCapabilityType::kRUNTIME);
}

Plugin create(nvinfer1::IPluginCreatorV3One& creator, std::vector<nvinfer1::PluginField> const& fields, TensorRTPhase phase) {
  nvinfer1::PluginFieldCollection const collection{static_cast<int32_t>(fields.size()), fields.data()};
  return Plugin(creator.createPlugin("layer", &collection, phase));
}

bool sameFields(nvinfer1::PluginFieldCollection const& left, nvinfer1::PluginFieldCollection const& right) {
  bool same = left.nbFields == right.nbFields;
  for (int32_t index = 0; same && index < left.nbFields; ++index) {
    nvinfer1::PluginField const& a = left.fields[index];
    nvinfer1::PluginField const& b = right.fields[index];
    size_t const bytes = static_cast<size_t>(a.length) * (a.type == nvinfer1::PluginFieldType::kCHAR ? 1 : 4);
    same = std::strcmp(a.name, b.name) == 0 && a.type == b.type && a.length == b.length && std::memcmp(a.data, b.data, bytes) == 0;
  }
  return same;
}

/// Copies fields into memory of their own, as a plan holds them, then lets the plugin that gave them die.
class Plan {
 public:
  explicit Plan(nvinfer1::PluginFieldCollection const& fields) {
    for (int32_t index = 0; index < fields.nbFields; ++index) {
      nvinfer1::PluginField const& field = fields.fields[index];
      size_t const bytes = static_cast<size_t>(field.length) * (field.type == nvinfer1::PluginFieldType::kCHAR ? 1 : 4);
      mNames.push_back(std::make_unique<std::string>(field.name));
      // One byte off, so that the data are never aligned by luck.
      mData.push_back(std::make_unique<std::string>("x" + std::string(static_cast<char const*>(field.data), bytes)));
      mFields.emplace_back(mNames.back()->c_str(), mData.back()->data() + 1, field.type, field.length);
    }
  }

  std::vector<nvinfer1::PluginField>& fields() { return mFields; }

 private:
  std::vector<std::unique_ptr<std::string>> mNames;
  std::vector<std::unique_ptr<std::string>> mData;
  std::vector<nvinfer1::PluginField> mFields;
};

void checkRoundTrip(nvinfer1::IPluginCreatorV3One& creator, CollectingLogger& logger, Op const& op) {
  Attributes const changed = changedAttributes(op);
  GivenFields const given(changed);
  Plugin plugin = create(creator, given.fields, TensorRTPhase::kBUILD);
  CHECK_DETAIL(plugin != nullptr, logger.take());
  CHECK(runtime(plugin)->getFieldsToSerialize()->nbFields == op.info().fields.size());
  CHECK_DETAIL(
      givesOutputShapes(op, changed,
                        [&](int32_t output, std::vector<nvinfer1::DimsExprs> const& inputs, nvinfer1::IExprBuilder& builder) {
                          std::vector<nvinfer1::DimsExprs> outputs(static_cast<size_t>(op.outputCount(changed)));
                          CHECK(build(plugin)->getOutputShapes(inputs.data(), static_cast<int32_t>(inputs.size()), nullptr, 0,
                                                               outputs.data(), static_cast<int32_t>(outputs.size()), builder) == 0);
                          return outputs[static_cast<size_t>(output)];
                        }),
      op.info().name);
  Plugin copy(plugin->clone());
  CHECK(sameFields(*runtime(plugin)->getFieldsToSerialize(), *runtime(copy)->getFieldsToSerialize()));
  Plan plan(*runtime(plugin)->getFieldsToSerialize());
  std::string const metadata = build(plugin)->getMetadataString();
  CHECK_DETAIL(metadata == changed.text(), metadata);
  CHECK(std::string(build(plugin)->getTimingCacheID()).find(metadata) != std::string::npos);
  plugin.reset();
  Plugin const revived = create(creator, plan.fields(), TensorRTPhase::kRUNTIME);
  CHECK_DETAIL(revived != nullptr, logger.take());
  CHECK(sameFields(*runtime(revived)->getFieldsToSerialize(), *runtime(copy)->getFieldsToSerialize()));
  for (size_t count = 0; count < plan.fields().size(); ++count) {
    std::vector<nvinfer1::PluginField> const cut(plan.fields().begin(), plan.fields().begin() + static_cast<long>(count));
    CHECK(create(creator, cut, TensorRTPhase::kRUNTIME) == nullptr);
    CHECK(logger.take().find("is missing") != std::string::npos);
    CHECK(create(creator, cut, TensorRTPhase::kBUILD) != nullptr);
  }
}

void checkMalformed(nvinfer1::IPluginCreatorV3One& creator, CollectingLogger& logger) {
  FieldValues const values;
  for (MalformedFields const& malformed : malformedFields(values)) {
    CHECK_DETAIL(create(creator, malformed.fields, TensorRTPhase::kBUILD) == nullptr, malformed.what);
    std::string const logged = logger.take();
    CHECK_DETAIL(logged.find(malformed.reason) != std::string::npos, malformed.what + ": " + logged);
  }
  CHECK(creator.createPlugin("layer", nullptr, TensorRTPhase::kBUILD) == nullptr);
  nvinfer1::PluginFieldCollection const broken{3, nullptr};
  CHECK(creator.createPlugin("layer", &broken, TensorRTPhase::kBUILD) == nullptr);
}

bool supports(Plugin const& plugin, DataType type, TensorFormat format, nvinfer1::Dims dims) {
  nvinfer1::DynamicPluginTensorDesc tensors[2]{};
  tensors[0].desc = tensorDesc(type, format, dims);
  tensors[1].desc = tensors[0].desc;
  return build(plugin)->supportsFormatCombination(0, tensors, 1, 1) && build(plugin)->supportsFormatCombination(1, tensors, 1, 1);
}

void checkFormats(Plugin const& swish, Plugin const& addOne) {
  nvinfer1::Dims const image{4, {-1, 3, 8, 8}};
  nvinfer1::Dims const even{4, {-1, 64, 8, 8}};
  nvinfer1::Dims const unknown{4, {-1, -1, 8, 8}};
  for (DataType const type : {DataType::kFLOAT, DataType::kHALF, DataType::kBF16}) {
    CHECK(supports(swish, type, TensorFormat::kLINEAR, {2, {-1, 7}}) && supports(addOne, type, TensorFormat::kLINEAR, {0, {}}));
  }
  CHECK(!supports(swish, DataType::kINT32, TensorFormat::kLINEAR, image) &&
        !supports(swish, DataType::kINT8, TensorFormat::kLINEAR, image));
  CHECK(supports(swish, DataType::kHALF, TensorFormat::kHWC8, image) && !supports(addOne, DataType::kHALF, TensorFormat::kHWC8, image));
  CHECK(supports(addOne, DataType::kHALF, TensorFormat::kHWC8, even) && !supports(addOne, DataType::kHALF, TensorFormat::kHWC8, unknown));
  CHECK(supports(addOne, DataType::kFLOAT, TensorFormat::kHWC, image) && !supports(swish, DataType::kFLOAT, TensorFormat::kHWC8, image));
  CHECK(!supports(swish, DataType::kHALF, TensorFormat::kHWC8, {2, {8, 8}}));
  CHECK(!supports(swish, DataType::kHALF, TensorFormat::kCHW4, even) && !supports(swish, DataType::kHALF, TensorFormat::kCHW16, even));
  nvinfer1::DynamicPluginTensorDesc mixed[2]{};
  mixed[0].desc = tensorDesc(DataType::kHALF, TensorFormat::kLINEAR, image);
  mixed[1].desc = tensorDesc(DataType::kFLOAT, TensorFormat::kLINEAR, image);
  CHECK(!build(swish)->supportsFormatCombination(1, mixed, 1, 1));
  CHECK(!build(swish)->supportsFormatCombination(2, mixed, 1, 1) && !build(swish)->supportsFormatCombination(-1, mixed, 1, 1));
  CHECK(!build(swish)->supportsFormatCombination(0, mixed, 2, 0));
}

void checkShapesAndTypes(Plugin const& plugin) {
  CHECK(build(plugin)->getNbOutputs() == 1);
  DataType const input = DataType::kHALF;
  DataType output = DataType::kFLOAT;
  CHECK(build(plugin)->getOutputDataTypes(&output, 1, &input, 1) == 0 && output == DataType::kHALF);
  nvinfer1::DimsExprs dims{};
  dims.nbDims = 3;
  dims.d[1] = reinterpret_cast<nvinfer1::IDimensionExpr const*>(uintptr_t{64});  // compared, never followed
  nvinfer1::DimsExprs result{};
  Expressions expressions;
  CHECK(build(plugin)->getOutputShapes(&dims, 1, nullptr, 0, &result, 1, expressions) == 0);
  CHECK(result.nbDims == 3 && result.d[1] == dims.d[1]);
  CHECK(build(plugin)->getOutputShapes(&dims, 2, nullptr, 0, &result, 1, expressions) != 0);
  CHECK(build(plugin)->getOutputDataTypes(&output, 2, &input, 1) != 0);
}

void checkRuntimeRefusals(Plugin const& plugin, CollectingLogger& logger) {
  nvinfer1::PluginTensorDesc const tensor = tensorDesc(DataType::kFLOAT, TensorFormat::kLINEAR, {1, {16}});
  nvinfer1::PluginTensorDesc const wrong = tensorDesc(DataType::kINT32, TensorFormat::kLINEAR, {1, {16}});
  CHECK(runtime(plugin)->onShapeChange(&tensor, 1, &tensor, 1) == 0);
  CHECK(runtime(plugin)->onShapeChange(&wrong, 1, &tensor, 1) != 0 && !logger.take().empty());
  void const* inputs[] = {nullptr};
  void* outputs[] = {nullptr};
  CHECK(runtime(plugin)->enqueue(&wrong, &tensor, inputs, outputs, nullptr, nullptr) != 0);
  CHECK(logger.take().find("does not compute on this element type") != std::string::npos);
  CHECK(runtime(plugin)->enqueue(&tensor, &tensor, inputs, outputs, nullptr, nullptr) != 0 && !logger.take().empty());
  nvinfer1::PluginTensorDesc const empty = tensorDesc(DataType::kFLOAT, TensorFormat::kLINEAR, {2, {0, 16}});
  CHECK(runtime(plugin)->enqueue(&empty, &empty, inputs, outputs, nullptr, nullptr) == 0);
  nvinfer1::PluginTensorDesc const unknown = tensorDesc(DataType::kHALF, TensorFormat::kHWC8, {4, {1, -1, 8, 8}});
  CHECK(runtime(plugin)->enqueue(&unknown, &unknown, inputs, outputs, nullptr, nullptr) != 0 && !logger.take().empty());
  nvinfer1::PluginTensorDesc const endless = tensorDesc(DataType::kHALF, TensorFormat::kHWC8, {3, {INT64_MAX, 0, 8}});
  CHECK(runtime(plugin)->enqueue(&endless, &endless, inputs, outputs, nullptr, nullptr) != 0 && !logger.take().empty());
}

}  // namespace

int main(int, char** arguments) {
  PluginLibrary<nvinfer1::IPluginCreatorInterface> library(arguments[1], "getCreators");
  CollectingLogger logger;
  Finder finder(logger);
  library.setLoggerFinder(&finder);
  for (Op const* const op : allOps()) {
    nvinfer1::IPluginCreatorV3One* const creator = findCreator(library, op->info().pluginName);
    CHECK_DETAIL(creator != nullptr, op->info().pluginName);
    CHECK(std::strcmp(creator->getPluginNamespace(), kPluginNamespace) == 0 && std::strcmp(creator->getPluginVersion(), "1") == 0);
    CHECK(creator->getFieldNames()->nbFields == op->info().fields.size());
    checkRoundTrip(*creator, logger, *op);
  }
  nvinfer1::IPluginCreatorV3One& swishCreator = *findCreator(library, "ProfilerSwish");
  checkMalformed(swishCreator, logger);
  Plugin const swish = create(swishCreator, {}, TensorRTPhase::kBUILD);
  Plugin const addOne = create(*findCreator(library, "ProfilerAddScalar"), {}, TensorRTPhase::kBUILD);
  checkFormats(swish, addOne);
  checkShapesAndTypes(swish);
  checkRuntimeRefusals(swish, logger);
  library.setLoggerFinder(nullptr);
  return checks().finish("adapter_v3");
}
