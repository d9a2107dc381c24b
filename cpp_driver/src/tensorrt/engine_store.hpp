/// Builds engines, keeps them on disk under a digest of all that they depend on, and keeps the timing cache.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "device.hpp"
#include "json.hpp"
#include "network.hpp"
#include "options.hpp"
#include "plugin_libraries.hpp"

namespace profiler::driver::trt {

inline constexpr char kFromCache[] = "cache";  ///< `engine_origin` of an engine that was on disk.

/// A serialised engine.
struct Plan {
  std::string bytes;
  Json facts = Json::object();  ///< How it came to be: members `engine_…` of a point's record.
};

class EngineStore {
 public:
  EngineStore(Options const& options, DeviceFacts const& gpu, Library const& tensorrt, PluginLibraries const& plugins, Log& log);

  /// The engine of a network: from the cache when the network, TensorRT, the plugin library and the device are the same, otherwise
  /// built. Throws Unsupported when TensorRT refuses to build it.
  Plan obtain(NetworkDescription const& description);
  /// Removes the engine of a network from the cache, so that `obtain` builds it.
  void forget(NetworkDescription const& description);
  /// The key that `obtain` files the engine under.
  std::string keyOf(NetworkDescription const& description) const;
  /// Digest of the timing cache file's content; absent when none is used.
  std::optional<std::string> const& timingCacheDigest() const { return mTimingCacheDigest; }

 private:
  std::string fileOf(std::string const& key) const;
  std::string build(NetworkDescription const& description);
  Owned<nvinfer1::ITimingCache> loadTimingCache(nvinfer1::IBuilderConfig& config);
  void saveTimingCache(nvinfer1::IBuilderConfig const& config);

  Options const& mOptions;
  Library const& mTensorrt;
  PluginLibraries const& mPlugins;
  Log& mLog;
  Owned<nvinfer1::IBuilder> mBuilder;  ///< Made with the first engine that is built.
  std::string mFolder;                 ///< Empty when the engine cache is off.
  std::string mTimingFile;             ///< Empty when the timing cache is off.
  std::string mEnvironment;            ///< TensorRT version, device and plugin digest: the part of the key that all networks share.
  std::optional<std::string> mTimingCacheDigest;
};

/// Reads a serialised engine. Throws Error(kFileMissing).
Plan readPlan(std::string const& path);

}  // namespace profiler::driver::trt
