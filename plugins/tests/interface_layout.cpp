/// @file
/// Prints every size, offset, enumerator, virtual slot and signature of the plugin interface that a library depends on. Compiled against
/// the bundled declarations and against TensorRT's own headers, the two outputs must be the same.
#include <NvInferRuntime.h>

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <typeinfo>

using namespace nvinfer1;

namespace {

/// With the Itanium C++ ABI a pointer to a virtual member holds 1 plus the byte offset of its slot.
template <typename Method>
void method(char const* name, Method pointer) {
  std::ptrdiff_t words[2];
  static_assert(sizeof pointer == sizeof words, "pointer to member of the Itanium ABI");
  std::memcpy(words, &pointer, sizeof words);
  std::printf("%-45s slot %td adjust %td %s\n", name, (words[0] - 1) / static_cast<std::ptrdiff_t>(sizeof(void*)), words[1],
              typeid(Method).name());
}

template <typename T>
void size(char const* name) {
  std::printf("%-45s size %zu align %zu\n", name, sizeof(T), alignof(T));
}

#define METHOD(type, name) method(#type "::" #name, &type::name)
#define SIZE(type) size<type>(#type)
#define OFFSET(type, member) std::printf("%-45s offset %zu\n", #type "::" #member, offsetof(type, member))
#define ENUMERATOR(value) std::printf("%-45s value %d\n", #value, static_cast<int>(value))

void printData() {
  SIZE(Dims);
  OFFSET(Dims, d);
  SIZE(DimsExprs);
  OFFSET(DimsExprs, d);
  SIZE(PluginTensorDesc);
  OFFSET(PluginTensorDesc, type);
  OFFSET(PluginTensorDesc, format);
  SIZE(DynamicPluginTensorDesc);
  OFFSET(DynamicPluginTensorDesc, min);
  OFFSET(DynamicPluginTensorDesc, max);
  OFFSET(DynamicPluginTensorDesc, opt);
  SIZE(PluginField);
  OFFSET(PluginField, data);
  OFFSET(PluginField, type);
  OFFSET(PluginField, length);
  SIZE(PluginFieldCollection);
  OFFSET(PluginFieldCollection, fields);
  SIZE(InterfaceInfo);
  SIZE(IPluginV3);
  SIZE(IPluginV3OneCore);
  SIZE(IPluginV3OneBuild);
  SIZE(IPluginV3OneRuntime);
  SIZE(IPluginCreatorV3One);
}

void printEnumerators() {
  ENUMERATOR(DataType::kFLOAT);
  ENUMERATOR(DataType::kHALF);
  ENUMERATOR(DataType::kBF16);
  ENUMERATOR(TensorFormat::kLINEAR);
  ENUMERATOR(TensorFormat::kCHW2);
  ENUMERATOR(TensorFormat::kHWC8);
  ENUMERATOR(TensorFormat::kCHW32);
  ENUMERATOR(TensorFormat::kDHWC8);
  ENUMERATOR(TensorFormat::kCDHW32);
  ENUMERATOR(TensorFormat::kHWC);
  ENUMERATOR(TensorFormat::kHWC16);
  ENUMERATOR(TensorFormat::kDHWC);
  ENUMERATOR(PluginFieldType::kFLOAT32);
  ENUMERATOR(PluginFieldType::kFLOAT64);
  ENUMERATOR(PluginFieldType::kINT32);
  ENUMERATOR(PluginFieldType::kCHAR);
  ENUMERATOR(PluginFieldType::kINT64);
  ENUMERATOR(PluginFieldType::kUNKNOWN);
  ENUMERATOR(TensorRTPhase::kRUNTIME);
  ENUMERATOR(PluginCapabilityType::kCORE);
  ENUMERATOR(PluginCapabilityType::kBUILD);
  ENUMERATOR(PluginCapabilityType::kRUNTIME);
  ENUMERATOR(ILogger::Severity::kERROR);
}

void printMethods() {
  METHOD(IVersionedInterface, getAPILanguage);
  METHOD(IVersionedInterface, getInterfaceInfo);
  METHOD(ILogger, log);
  METHOD(ILoggerFinder, findLogger);
  METHOD(IPluginV3, getCapabilityInterface);
  METHOD(IPluginV3, clone);
  METHOD(IPluginV3OneCore, getPluginName);
  METHOD(IPluginV3OneCore, getPluginVersion);
  METHOD(IPluginV3OneCore, getPluginNamespace);
  METHOD(IPluginV3OneBuild, configurePlugin);
  METHOD(IPluginV3OneBuild, getOutputDataTypes);
  METHOD(IPluginV3OneBuild, getOutputShapes);
  METHOD(IPluginV3OneBuild, supportsFormatCombination);
  METHOD(IPluginV3OneBuild, getNbOutputs);
  METHOD(IPluginV3OneBuild, getWorkspaceSize);
  METHOD(IPluginV3OneBuild, getValidTactics);
  METHOD(IPluginV3OneBuild, getNbTactics);
  METHOD(IPluginV3OneBuild, getTimingCacheID);
  METHOD(IPluginV3OneBuild, getFormatCombinationLimit);
  METHOD(IPluginV3OneBuild, getMetadataString);
  METHOD(IPluginV3OneRuntime, setTactic);
  METHOD(IPluginV3OneRuntime, onShapeChange);
  METHOD(IPluginV3OneRuntime, enqueue);
  METHOD(IPluginV3OneRuntime, attachToContext);
  METHOD(IPluginV3OneRuntime, getFieldsToSerialize);
  METHOD(IPluginCreatorV3One, createPlugin);
  METHOD(IPluginCreatorV3One, getFieldNames);
  METHOD(IPluginCreatorV3One, getPluginName);
  METHOD(IPluginCreatorV3One, getPluginVersion);
  METHOD(IPluginCreatorV3One, getPluginNamespace);
}

}  // namespace

int main() {
  printData();
  printEnumerators();
  printMethods();
  return 0;
}
