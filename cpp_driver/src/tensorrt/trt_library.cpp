#include "trt_library.hpp"

#include <dlfcn.h>

#include <filesystem>

#include "error.hpp"

namespace profiler::driver::trt {
namespace {

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

}  // namespace

Library::Library(TensorrtModule const& module, Log& log)
    : mModule(module), mLog(log), mIsRtx(fs::path(module.libraryPath).filename().string().find("tensorrt_rtx") != std::string::npos) {
  mCreateBuilder = requireSymbol<decltype(mCreateBuilder)>(module.library, "createInferBuilder_INTERNAL", path());
  mCreateRuntime = requireSymbol<decltype(mCreateRuntime)>(module.library, "createInferRuntime_INTERNAL", path());
  mRegistry = requireSymbol<nvinfer1::IPluginRegistry* (*)()>(module.library, "getPluginRegistry", path())();
  if (!mRegistry) throw Error(ExitCode::kLibraryMissing, path() + " gave no plugin registry");
}

Owned<nvinfer1::IBuilder> Library::createBuilder() const {
  Owned<nvinfer1::IBuilder> builder(
      static_cast<nvinfer1::IBuilder*>(mCreateBuilder(static_cast<nvinfer1::ILogger*>(&mLog), kHeaderVersion)));
  if (!builder) throw Error(ExitCode::kRunFailed, "TensorRT made no builder: " + mLog.takeMessages());
  return builder;
}

Owned<nvinfer1::IRuntime> Library::createRuntime() const {
  Owned<nvinfer1::IRuntime> runtime(
      static_cast<nvinfer1::IRuntime*>(mCreateRuntime(static_cast<nvinfer1::ILogger*>(&mLog), kHeaderVersion)));
  if (!runtime) throw Error(ExitCode::kRunFailed, "TensorRT made no runtime: " + mLog.takeMessages());
  return runtime;
}

#if PROFILER_HAS_ONNX_PARSER
Owned<nvonnxparser::IParser> Library::createParser(nvinfer1::INetworkDefinition& network) const {
  std::string const plain = mIsRtx ? "libtensorrt_onnxparser_rtx.so.1" : "libnvonnxparser.so." + std::to_string(kHeaderMajor);
  std::string const beside = (fs::path(path()).parent_path() / plain).string();
  void* library = dlopen(beside.c_str(), RTLD_LAZY | RTLD_GLOBAL);
  if (!library) library = dlopen(plain.c_str(), RTLD_LAZY | RTLD_GLOBAL);
  if (!library) {
    throw Error(ExitCode::kLibraryMissing, std::string("TensorRT's ONNX parser cannot be loaded: ") + dlerror(),
                "install " + plain + " beside libnvinfer, or build an engine elsewhere and use --engine");
  }
  using Create = void* (*)(void*, void*, int);
  auto const create = requireSymbol<Create>(library, "createNvOnnxParser_INTERNAL", plain);
  Owned<nvonnxparser::IParser> parser(
      static_cast<nvonnxparser::IParser*>(create(&network, static_cast<nvinfer1::ILogger*>(&mLog), NV_ONNX_PARSER_VERSION)));
  if (!parser) throw Error(ExitCode::kRunFailed, "TensorRT made no ONNX parser: " + mLog.takeMessages());
  return parser;
}
#endif

}  // namespace profiler::driver::trt
