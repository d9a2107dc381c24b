/// The C entry points of the loaded TensorRT library. Nothing here links TensorRT.
#pragma once

#include <string>

#include "tensorrt_backend.hpp"
#include "trt_log.hpp"

namespace profiler::driver::trt {

class Library {
 public:
  /// Throws Error(kLibraryMissing) when the library lacks an entry point.
  Library(TensorrtModule const& module, Log& log);

  std::string const& version() const { return mModule.version; }
  std::string const& path() const { return mModule.libraryPath; }
  /// TensorRT for RTX takes ONNX models only: its network interface has no plugin methods.
  bool isRtx() const { return mIsRtx; }
  Owned<nvinfer1::IBuilder> createBuilder() const;
  Owned<nvinfer1::IRuntime> createRuntime() const;
  nvinfer1::IPluginRegistry& registry() const { return *mRegistry; }

#if PROFILER_HAS_ONNX_PARSER
  /// Loads the parser library that lies beside TensorRT. Throws Error(kLibraryMissing) when there is none.
  Owned<nvonnxparser::IParser> createParser(nvinfer1::INetworkDefinition& network) const;
#endif

 private:
  TensorrtModule mModule;
  Log& mLog;
  bool mIsRtx;
  void* (*mCreateBuilder)(void*, int) = nullptr;
  void* (*mCreateRuntime)(void*, int) = nullptr;
  nvinfer1::IPluginRegistry* mRegistry = nullptr;
};

}  // namespace profiler::driver::trt
