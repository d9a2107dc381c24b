/// Loads plugin libraries into TensorRT's registry and finds creators by name.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "trt_library.hpp"

namespace profiler::driver::trt {

class PluginLibraries {
 public:
  /// Loads each library once. `requested` empty: the one built for this TensorRT version beside the program, if it is there;
  /// `none`: no library. Throws Error(kFileMissing) or Error(kRunFailed) when one cannot be loaded.
  PluginLibraries(std::vector<std::string> const& requested, Library& tensorrt, Log& log);

  /// The creator of that name, version and namespace, or the only one of that name and version. Throws Unsupported naming what is
  /// registered under the name instead.
  Creator& find(CreatorName const& wanted) const;
  /// One digest over all libraries; absent when none is loaded.
  std::optional<std::string> const& digest() const { return mDigest; }

 private:
  void load(std::string const& path);

  Library& mTensorrt;
  Log& mLog;
  std::vector<std::string> mPaths;
  std::optional<std::string> mDigest;
};

}  // namespace profiler::driver::trt
