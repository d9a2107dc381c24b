/// @file
/// What is registered when the library for TensorRT 8.6 is loaded, by the program itself or by TensorRT's registry.
/// Arguments: the library in the place of TensorRT, the plugin library, `program` or `registry`, how many creators there are then.
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "../check.hpp"
#include "NvInferRuntime.h"

using namespace profiler::plugins::test;

namespace {

struct Destroy {
  void operator()(nvinfer1::IPluginV2* plugin) const { plugin->destroy(); }
};
using Plugin = std::unique_ptr<nvinfer1::IPluginV2, Destroy>;

std::string bytesOf(Plugin const& plugin) {
  std::string bytes(plugin->getSerializationSize(), '\0');
  plugin->serialize(bytes.data());
  return bytes;
}

void checkPlainCreators(nvinfer1::IPluginRegistry& registry) {
  nvinfer1::IPluginCreator* const swish = registry.getPluginCreator("SwishPlugin", "1", "");
  nvinfer1::IPluginCreator* const addScalar = registry.getPluginCreator("AddScalar", "1", "");
  CHECK(swish != nullptr && addScalar != nullptr);
  CHECK(swish->getFieldNames()->nbFields == 0 && addScalar->getFieldNames()->nbFields == 1);
  nvinfer1::PluginField const shown = addScalar->getFieldNames()->fields[0];
  CHECK(std::strcmp(shown.name, "scalar") == 0 && shown.type == nvinfer1::PluginFieldType::kFLOAT32);
  nvinfer1::PluginFieldCollection const none{};
  Plugin const made(swish->createPlugin("layer", &none));
  CHECK(std::strcmp(made->getPluginType(), "SwishPlugin") == 0 && std::strcmp(made->getPluginNamespace(), "") == 0);
  float const two = 2.0f;
  nvinfer1::PluginField const field("scalar", &two, nvinfer1::PluginFieldType::kFLOAT32, 1);
  nvinfer1::PluginFieldCollection const fields{1, &field};
  Plugin const plugin(addScalar->createPlugin("layer", &fields));
  std::string const bytes = bytesOf(plugin);
  Plugin const revived(addScalar->deserializePlugin("layer", bytes.data(), bytes.size()));
  CHECK(bytes.find("scalar=2 ") != std::string::npos && bytesOf(revived) == bytes);
  Plugin const copy(revived->clone());
  CHECK(std::strcmp(copy->getPluginType(), "AddScalar") == 0);
}

}  // namespace

int main(int, char** arguments) {
  void* const tensorrt = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
  CHECK(tensorrt != nullptr);
  auto const find = reinterpret_cast<nvinfer1::IPluginRegistry* (*)()>(dlsym(tensorrt, "getPluginRegistry"));
  nvinfer1::IPluginRegistry& registry = *find();
  bool const byProgram = std::strcmp(arguments[3], "program") == 0;
  void* const library = byProgram ? dlopen(arguments[2], RTLD_NOW | RTLD_LOCAL) : registry.loadLibrary(arguments[2]);
  CHECK(library != nullptr);
  int32_t count = -1;
  registry.getPluginCreatorList(&count);
  CHECK_DETAIL(count == std::atoi(arguments[4]), std::to_string(count) + " creators");
  if (count > 0) {
    checkPlainCreators(registry);
  }
  return checks().finish("load_registration");
}
