/// @file
/// Stands for libnvinfer of TensorRT 8.6: a plugin registry that keeps what is registered, and that loads libraries.
#include <NvInferRuntime.h>
#include <dlfcn.h>

#include <cstring>
#include <vector>

namespace {

class Registry final : public nvinfer1::IPluginRegistry {
 public:
  bool registerCreator(nvinfer1::IPluginCreator& creator, char const* pluginNamespace) noexcept override {
    creator.setPluginNamespace(pluginNamespace);
    creators.push_back(&creator);
    return true;
  }
  nvinfer1::IPluginCreator* const* getPluginCreatorList(int32_t* count) const noexcept override {
    *count = static_cast<int32_t>(creators.size());
    return creators.data();
  }
  nvinfer1::IPluginCreator* getPluginCreator(char const* name, char const* version, char const* pluginNamespace) noexcept override {
    for (nvinfer1::IPluginCreator* const creator : creators) {
      if (std::strcmp(creator->getPluginName(), name) == 0 && std::strcmp(creator->getPluginVersion(), version) == 0 &&
          std::strcmp(creator->getPluginNamespace(), pluginNamespace) == 0) {
        return creator;
      }
    }
    return nullptr;
  }
  void setErrorRecorder(nvinfer1::IErrorRecorder*) noexcept override {}
  nvinfer1::IErrorRecorder* getErrorRecorder() const noexcept override { return nullptr; }
  bool deregisterCreator(nvinfer1::IPluginCreator const&) noexcept override { return false; }
  bool isParentSearchEnabled() const override { return false; }
  void setParentSearchEnabled(bool) override {}
  PluginLibraryHandle loadLibrary(char const* path) noexcept override {
    void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    int volatile loaded = library != nullptr;  // keeps this frame on the stack while the library loads
    return loaded ? library : nullptr;
  }
  void deregisterLibrary(PluginLibraryHandle) noexcept override {}

  std::vector<nvinfer1::IPluginCreator*> creators;
};

}  // namespace

#define FAKE_EXPORT extern "C" __attribute__((visibility("default")))

FAKE_EXPORT nvinfer1::IPluginRegistry* getPluginRegistry() noexcept {
  static Registry instance;
  return &instance;
}

FAKE_EXPORT int32_t getInferLibVersion() noexcept { return FAKE_VERSION; }
