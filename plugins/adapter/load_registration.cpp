/// @file
/// Registers the plain creators (`SwishPlugin`, in no namespace) when the library is merely loaded, by `ctypes.CDLL` say, as scripts for
/// TensorRT 8.6 expect. `IPluginRegistry::loadLibrary` is left alone: where TensorRT itself loads the library nothing is registered here,
/// and what `getPluginCreators` returns has other names. The library stays loaded until the process ends, for the registry points into it.
#include <NvInferRuntime.h>
#include <NvInferVersion.h>
#include <dlfcn.h>
#include <execinfo.h>

#include <memory>

#include "../contract/registry.hpp"
#include "adapter_v2.hpp"
#include "plugin_log.hpp"

namespace profiler::plugins::adapter {
namespace {

/// A function of the TensorRT in this process. Python's package may have loaded it for itself alone, so its name is asked for too.
void* findSymbol(char const* name) noexcept {
  void* const symbol = dlsym(RTLD_DEFAULT, name);
  void* const library = symbol == nullptr ? dlopen("libnvinfer.so.8", RTLD_LAZY | RTLD_NOLOAD) : nullptr;
  return library == nullptr ? symbol : dlsym(library, name);
}

/// Where the shared library that holds an address begins; null when none does.
void const* libraryOf(void const* address) noexcept {
  Dl_info info{};
  return dladdr(address, &info) == 0 ? nullptr : info.dli_fbase;
}

/// Whether a function of the library that holds `symbol` is among the callers.
bool calledFrom(void const* symbol) noexcept {
  constexpr int kMostFrames = 128;
  void* frames[kMostFrames];
  int const count = backtrace(frames, kMostFrames);
  void const* const library = libraryOf(symbol);
  for (int index = 0; index < count; ++index) {
    if (libraryOf(frames[index]) == library) {
      return true;
    }
  }
  return false;
}

/// The registry of TensorRT 8.6 or later 8.x; null when another version, or none, is in this process, or it is loading this library.
/// Source: NvInferVersion.h of 8.6, NV_TENSORRT_VERSION is 1000 * major + 100 * minor + patch.
nvinfer1::IPluginRegistry* findRegistry() noexcept {
  auto const version = reinterpret_cast<int32_t (*)()>(findSymbol("getInferLibVersion"));
  void* const registry = findSymbol("getPluginRegistry");
  if (version == nullptr || registry == nullptr || version() / 1000 != NV_TENSORRT_MAJOR || version() < 8600 || calledFrom(registry)) {
    return nullptr;
  }
  return reinterpret_cast<nvinfer1::IPluginRegistry* (*)()>(registry)();
}

__attribute__((constructor)) void registerOnLoad() noexcept {
  guarded("profiler plugins", false, [] {
    nvinfer1::IPluginRegistry* const registry = findRegistry();
    for (Op const* const op : registry == nullptr ? Span<Op const* const>{} : allOps()) {
      PluginName const name = PluginName::plain(op->info());
      if (name.type != nullptr && registry->getPluginCreator(name.type, op->info().version, name.nameSpace) == nullptr) {
        registry->registerCreator(*std::make_unique<CreatorV2>(*op, name).release(), name.nameSpace);  // held until the process ends
      }
    }
    return true;
  });
}

}  // namespace
}  // namespace profiler::plugins::adapter
