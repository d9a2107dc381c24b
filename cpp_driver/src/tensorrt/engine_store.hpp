/// Builds engines, keeps them on disk under a digest of all that they depend on, and keeps the timing cache.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "device.hpp"
#include "digest.hpp"
#include "error.hpp"
#include "files.hpp"
#include "json.hpp"
#include "network.hpp"
#include "options.hpp"
#include "plugin_libraries.hpp"

namespace profiler::driver::trt {

namespace fs = std::filesystem;

inline constexpr char kFromCache[] = "cache";  ///< `engine_origin` of an engine that was on disk.

/// A serialised engine.
struct Plan {
  std::string bytes;
  Json facts = Json::object();  ///< How it came to be: members `engine_…` of a point's record.
};

/// Raise it when the networks that `network.hpp` defines, or the flags they are built with here, change: cached engines of the same
/// description would compute the same by other layers.
inline constexpr char kNetworksVersion[] = "networks 1";

/// Content of a file of the cache; empty where there is none.
inline std::string cached(std::string const& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored) ? readFile(path, "give --cache-dir DIR") : std::string();
}

inline fs::path cacheFolder(Options const& options) {
  if (!options.cacheDirectory.empty()) return options.cacheDirectory;
  if (char const* xdg = std::getenv("XDG_CACHE_HOME"); xdg && *xdg) return fs::path(xdg) / "profiler";
  if (char const* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache" / "profiler";
  throw usageError("neither XDG_CACHE_HOME nor HOME is set", "give --cache-dir DIR, or --no-engine-cache --no-timing-cache");
}

inline void makeFolder(fs::path const& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw Error(ExitCode::kFileMissing, "cannot make the cache folder " + folder.string() + ": " + error.message(), "give --cache-dir DIR");
}

inline std::string fileWord(std::string text) {
  for (char& character : text)
    if (!std::isalnum(static_cast<unsigned char>(character)) && character != '.') character = '-';
  return text;
}

/// Two builds of one TensorRT version differ in their size at least.
inline std::string librarySize(std::string const& path) {
  std::error_code error;
  auto const size = fs::file_size(fs::canonical(path, error), error);
  return error ? "unknown size" : std::to_string(size) + " bytes";
}

inline Plan planOf(std::string bytes, char const* origin, Json const& cacheKey, Json const& buildNs) {
  Json facts = {{"engine_digest", digestBytes(bytes)},
                {"engine_origin", origin},
                {"engine_cache_key", cacheKey},
                {"engine_build_ns", buildNs},
                {"engine_bytes", bytes.size()}};
  return {std::move(bytes), std::move(facts)};
}

class EngineStore {
 public:
  EngineStore(Options const& options, DeviceFacts const& gpu, Library const& tensorrt, PluginLibraries const& plugins, Log& log)
      : mTensorrt(tensorrt), mPlugins(plugins), mLog(log) {
    std::string const device = gpu.name + " " + gpu.computeCapability + " " + std::to_string(gpu.smCount);
    mEnvironment = "TensorRT " + tensorrt.version() + " " + librarySize(tensorrt.path()) + "\n" + kNetworksVersion + "\n" + device + "\n" +
                   plugins.digest().value_or("no plugin library");
    if (options.engineCache) {
      fs::path const folder = cacheFolder(options) / "engines";
      makeFolder(folder);
      mFolder = folder.string();
    }
    if (options.useTimingCache) {
      std::string const name = "timing-" + fileWord(tensorrt.version() + "-" + gpu.name) + ".cache";
      fs::path const file = options.timingCache.empty() ? cacheFolder(options) / name : fs::path(options.timingCache);
      if (file.has_parent_path()) makeFolder(file.parent_path());
      mTimingFile = file.string();
      if (auto const bytes = cached(mTimingFile); !bytes.empty()) mTimingCacheDigest = digestBytes(bytes);
    }
  }

  /// The engine of a network: from the cache when the network, TensorRT, the plugin library and the device are the same, otherwise
  /// built. Throws Unsupported when TensorRT refuses to build it.
  Plan obtain(NetworkDescription const& description) {
    std::string const key = keyOf(description);
    std::string const file = fileOf(key);
    Json const cacheKey = file.empty() ? Json() : Json(key);
    if (auto bytes = cached(file); !bytes.empty()) return planOf(std::move(bytes), kFromCache, cacheKey, nullptr);
    auto const start = std::chrono::steady_clock::now();
    std::string bytes = build(description);
    auto const buildTime = std::chrono::steady_clock::now() - start;
    if (!file.empty()) writeFileAtomically(file, bytes);
    return planOf(std::move(bytes), "built", cacheKey, std::chrono::duration_cast<std::chrono::nanoseconds>(buildTime).count());
  }
  /// Removes the engine of a network from the cache, so that `obtain` builds it.
  void forget(NetworkDescription const& description) {
    std::error_code ignored;
    fs::remove(fileOf(keyOf(description)), ignored);
  }
  /// The key that `obtain` files the engine under.
  std::string keyOf(NetworkDescription const& description) const { return digestBytes(mEnvironment + "\n" + description.identity()); }
  /// Digest of the timing cache file's content; absent when none is used.
  std::optional<std::string> const& timingCacheDigest() const { return mTimingCacheDigest; }

 private:
  std::string fileOf(std::string const& key) const {
    return mFolder.empty() ? "" : (fs::path(mFolder) / (key.substr(key.find(':') + 1) + ".engine")).string();
  }
  std::string build(NetworkDescription const& description) {
    mLog.takeMessages();
    // making a builder loads all of TensorRT's kernels, which takes seconds: one serves every engine of the process
    if (!mBuilder) mBuilder = mTensorrt.createBuilder();
    Owned<nvinfer1::INetworkDefinition> const network(mBuilder->createNetworkV2(networkFlags()));
    Owned<nvinfer1::IBuilderConfig> const config(mBuilder->createBuilderConfig());
    if (!network || !config) throw Error(ExitCode::kRunFailed, "TensorRT made no network: " + mLog.takeMessages());
    KeptWeights const weights = defineNetwork(*network, description, mPlugins, mTensorrt, mLog);
    addProfile(*mBuilder, *config, *network, description);
    config->setProfilingVerbosity(nvinfer1::ProfilingVerbosity::kDETAILED);
    if (!mTensorrt.isRtx()) leaveOutExternalTactics(*config);
    configureBuild(*config, description.type);
    auto const timingCache = loadTimingCache(*config);
    Owned<nvinfer1::IHostMemory> const serialised(mBuilder->buildSerializedNetwork(*network, *config));
    if (!serialised) throw Unsupported("TensorRT could not build the engine: " + mLog.takeMessages());
    if (timingCache) saveTimingCache(*config);
    auto const* bytes = static_cast<char const*>(serialised->data());
    return {bytes, bytes + serialised->size()};
  }
  Owned<nvinfer1::ITimingCache> loadTimingCache(nvinfer1::IBuilderConfig& config) {
    if (mTimingFile.empty()) return nullptr;
    std::string const bytes = cached(mTimingFile);
    Owned<nvinfer1::ITimingCache> cache(config.createTimingCache(bytes.data(), bytes.size()));
    // A damaged cache, or one of another device or version, is refused; an empty one then takes its place.
    if (!cache || !config.setTimingCache(*cache, false)) {
      mTimingCacheDigest.reset();
      cache.reset(config.createTimingCache(nullptr, 0));
      if (cache && !config.setTimingCache(*cache, false)) cache.reset();
    }
    return cache;
  }
  void saveTimingCache(nvinfer1::IBuilderConfig const& config) {
    nvinfer1::ITimingCache const* cache = config.getTimingCache();
    Owned<nvinfer1::IHostMemory> const bytes(cache ? cache->serialize() : nullptr);
    if (!bytes) return;
    std::string const content(static_cast<char const*>(bytes->data()), bytes->size());
    writeFileAtomically(mTimingFile, content);
    mTimingCacheDigest = digestBytes(content);
  }

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
inline Plan readPlan(std::string const& path) { return planOf(readFile(path, "check --engine"), "file", nullptr, nullptr); }

}  // namespace profiler::driver::trt
