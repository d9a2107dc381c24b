/// Loads plugin libraries into TensorRT's registry and finds creators by name.
#pragma once

#include <dlfcn.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "digest.hpp"
#include "error.hpp"
#include "trt_library.hpp"

namespace profiler::driver::trt {

namespace fs = std::filesystem;

inline std::vector<std::string> choosePaths(std::vector<std::string> const& requested, bool isRtx) {
  if (requested == std::vector<std::string>{"none"}) return {};
  if (!requested.empty()) return requested;
  std::string const flavour = isRtx ? "rtx" : "trt" + std::to_string(kHeaderMajor);
  fs::path const built = fs::path(libraryFolder()) / ("libprofiler_plugins_" + flavour + ".so");
  std::error_code error;
  return fs::exists(built, error) ? std::vector<std::string>{built.string()} : std::vector<std::string>{};
}

inline std::optional<std::string> digestOf(std::vector<std::string> const& paths) {
  if (paths.empty()) return std::nullopt;
  if (paths.size() == 1) return digestFile(paths.front());
  std::string digests;
  for (auto const& path : paths) digests += digestFile(path);
  return digestBytes(digests);
}

class PluginLibraries {
 public:
  /// Loads each library once. `requested` empty: the one built for this TensorRT version beside the program, if it is there;
  /// `none`: no library. Throws Error(kFileMissing) or Error(kRunFailed) when one cannot be loaded.
  PluginLibraries(std::vector<std::string> const& requested, Library& tensorrt, Log& log)
      : mTensorrt(tensorrt), mLog(log), mPaths(choosePaths(requested, tensorrt.isRtx())) {
    for (auto& path : mPaths) {
      path = fs::absolute(path).string();
      load(path);
    }
    mDigest = digestOf(mPaths);
  }

  /// The creator of that name, version and namespace, or the only one of that name and version. Throws Unsupported naming what is
  /// registered under the name instead.
  Creator& find(CreatorName const& wanted) const {
    std::string sameName;
    std::vector<Creator*> otherNamespaces;  // a registry may file a library's creators under a namespace of its own
    for (Creator* creator : listCreators(mTensorrt.registry())) {
      CreatorName const found{creator->getPluginName(), creator->getPluginVersion(), creator->getPluginNamespace()};
      if (found == wanted) return *creator;
      if (found.name != wanted.name) continue;
      if (found.version == wanted.version) otherNamespaces.push_back(creator);
      sameName += (sameName.empty() ? "" : ", ") + found.version + " (namespace '" + found.pluginNamespace + "')";
    }
    if (otherNamespaces.size() == 1) return *otherNamespaces.front();
    std::string libraries;
    for (auto const& path : mPaths) libraries += (libraries.empty() ? "" : ", ") + path;
    throw Unsupported("plugin " + wanted.name + " version " + wanted.version + " (namespace '" + wanted.pluginNamespace +
                      "') is not registered; " + (sameName.empty() ? "no creator has that name" : "found version " + sameName) +
                      (libraries.empty() ? "; no plugin library is loaded, give --plugin-library" : "; loaded " + libraries));
  }
  /// One digest over all libraries; absent when none is loaded.
  std::optional<std::string> const& digest() const { return mDigest; }

 private:
  void load(std::string const& path) {
    std::error_code error;
    if (!fs::exists(path, error)) throw Error(ExitCode::kFileMissing, "there is no plugin library " + path, "check --plugin-library");
    void* handle = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (!handle)
      throw Error(ExitCode::kRunFailed, std::string("cannot load the plugin library: ") + dlerror(), "build it for this TensorRT and CUDA");
    bool const hasEntryPoint = dlsym(handle, kHeaderMajor < 10 ? "getPluginCreators" : "getCreators") || dlsym(handle, "getPluginCreators");
    if (hasEntryPoint) {
      // Without the entry points the registry would unload a library that registered itself and keep dangling creators.
      if (!mTensorrt.registry().loadLibrary(path.c_str())) {
        throw Error(ExitCode::kRunFailed, "TensorRT refused the plugin library " + path + ": " + mLog.takeMessages(),
                    "it must export getCreators (getPluginCreators for TensorRT 8) and setLoggerFinder");
      }
    } else if (auto const initialise = reinterpret_cast<bool (*)(void*, char const*)>(dlsym(handle, "initLibNvInferPlugins"))) {
      initialise(static_cast<nvinfer1::ILogger*>(&mLog), "");
    }
  }

  Library& mTensorrt;
  Log& mLog;
  std::vector<std::string> mPaths;
  std::optional<std::string> mDigest;
};

}  // namespace profiler::driver::trt
