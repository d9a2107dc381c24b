/// The C entry points of the loaded TensorRT library. Nothing here links TensorRT.
#pragma once

#include <dlfcn.h>

#include <filesystem>
#include <string>

#include "error.hpp"
#include "tensorrt_backend.hpp"
#include "trt_log.hpp"

namespace profiler::driver::trt {

namespace fs = std::filesystem;

template <typename Function>
Function requireSymbol(void* library, char const* name, std::string const& path) {
  void* symbol = dlsym(library, name);
  if (!symbol) {
    throw Error(ExitCode::kLibraryMissing, path + " lacks the symbol " + name,
                "give the full TensorRT library (libnvinfer, not the lean or dispatch runtime)");
  }
  return reinterpret_cast<Function>(symbol);
}

class Library {
 public:
  /// Throws Error(kLibraryMissing) when the library lacks an entry point.
  Library(TensorrtModule const& module, Log& log) : mModule(module), mLog(log) {
    mCreateBuilder = requireSymbol<decltype(mCreateBuilder)>(module.library, "createInferBuilder_INTERNAL", path());
    mCreateRuntime = requireSymbol<decltype(mCreateRuntime)>(module.library, "createInferRuntime_INTERNAL", path());
    mRegistry = requireSymbol<nvinfer1::IPluginRegistry* (*)()>(module.library, "getPluginRegistry", path())();
    if (!mRegistry) throw Error(ExitCode::kLibraryMissing, path() + " gave no plugin registry");
  }

  std::string const& version() const { return mModule.version; }
  std::string const& path() const { return mModule.libraryPath; }
  /// TensorRT for RTX takes ONNX models only: its network interface has no plugin methods.
  bool isRtx() const { return mModule.isRtx(); }
  Owned<nvinfer1::IBuilder> createBuilder() const { return own<nvinfer1::IBuilder>(mCreateBuilder(logger(), kHeaderVersion), "builder"); }
  Owned<nvinfer1::IRuntime> createRuntime() const { return own<nvinfer1::IRuntime>(mCreateRuntime(logger(), kHeaderVersion), "runtime"); }
  nvinfer1::IPluginRegistry& registry() const { return *mRegistry; }

#if PROFILER_HAS_ONNX_PARSER
  /// Loads the parser library that lies beside TensorRT. Throws Error(kLibraryMissing) when there is none.
  Owned<nvonnxparser::IParser> createParser(nvinfer1::INetworkDefinition& network) const {
    std::string const plain = isRtx() ? "libtensorrt_onnxparser_rtx.so.1" : "libnvonnxparser.so." + std::to_string(kHeaderMajor);
    std::string const beside = (fs::path(path()).parent_path() / plain).string();
    void* library = dlopen(beside.c_str(), RTLD_LAZY | RTLD_GLOBAL);
    if (!library) library = dlopen(plain.c_str(), RTLD_LAZY | RTLD_GLOBAL);
    if (!library) {
      throw Error(ExitCode::kLibraryMissing, std::string("TensorRT's ONNX parser cannot be loaded: ") + dlerror(),
                  "install " + plain + " beside libnvinfer, or build an engine elsewhere and use --engine");
    }
    using Create = void* (*)(void*, void*, int);
    auto const create = requireSymbol<Create>(library, "createNvOnnxParser_INTERNAL", plain);
    return own<nvonnxparser::IParser>(create(&network, logger(), NV_ONNX_PARSER_VERSION), "ONNX parser");
  }
#endif

 private:
  nvinfer1::ILogger* logger() const { return &mLog; }
  template <typename Object>
  Owned<Object> own(void* made, char const* what) const {
    if (!made) throw Error(ExitCode::kRunFailed, std::string("TensorRT made no ") + what + ": " + mLog.takeMessages());
    return Owned<Object>(static_cast<Object*>(made));
  }

  TensorrtModule mModule;
  Log& mLog;
  void* (*mCreateBuilder)(void*, int) = nullptr;
  void* (*mCreateRuntime)(void*, int) = nullptr;
  nvinfer1::IPluginRegistry* mRegistry = nullptr;
};

}  // namespace profiler::driver::trt
