#include "engine_store.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "digest.hpp"
#include "error.hpp"
#include "file_write.hpp"
#include "profiler/nvtx.hpp"

namespace profiler::driver::trt {
namespace {

namespace fs = std::filesystem;

std::optional<std::vector<char>> readFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return std::nullopt;
  std::vector<char> bytes(static_cast<std::size_t>(file.tellg()));
  file.seekg(0);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return file ? std::optional(std::move(bytes)) : std::nullopt;
}

fs::path cacheFolder(const Options& options) {
  if (!options.cacheDirectory.empty()) return options.cacheDirectory;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg && *xdg) return fs::path(xdg) / "profiler";
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache" / "profiler";
  throw usageError("neither XDG_CACHE_HOME nor HOME is set", "give --cache-dir DIR, or --no-engine-cache --no-timing-cache");
}

void makeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(ExitCode::kFileMissing, "cannot make the cache folder " + folder.string() + ": " + error.message(), "give --cache-dir DIR");
}

std::string fileWord(std::string text) {
  for (char& character : text) {
    if (!std::isalnum(static_cast<unsigned char>(character)) && character != '.') character = '-';
  }
  return text;
}

void describePlan(Plan& plan, const char* origin) {
  plan.facts.digest = digestBytes(plan.bytes.data(), plan.bytes.size());
  plan.facts.sizeBytes = static_cast<std::int64_t>(plan.bytes.size());
  plan.facts.origin = origin;
}

}  // namespace

EngineStore::EngineStore(const Options& options, const GpuDescription& gpu, const Library& tensorrt, const PluginLibraries& plugins, Log& log)
    : mOptions(options), mTensorrt(tensorrt), mPlugins(plugins), mLog(log) {
  const std::string device = gpu.name + " " + gpu.computeCapability + " " + std::to_string(gpu.smCount);
  mEnvironment = "TensorRT " + tensorrt.version() + "\n" + device + "\n" + plugins.digest().value_or("no plugin library");
  if (options.engineCache) {
    const fs::path folder = cacheFolder(options) / "engines";
    makeFolder(folder);
    mFolder = folder.string();
  }
  if (options.useTimingCache) {
    const std::string name = "timing-" + fileWord(tensorrt.version() + "-" + gpu.name) + ".cache";
    const fs::path file = options.timingCache.empty() ? cacheFolder(options) / name : fs::path(options.timingCache);
    if (file.has_parent_path()) makeFolder(file.parent_path());
    mTimingFile = file.string();
    if (const auto bytes = readFile(file)) mTimingCacheDigest = digestBytes(bytes->data(), bytes->size());
  }
}

std::string EngineStore::keyOf(const NetworkDescription& description) const {
  const std::string text = mEnvironment + "\n" + description.identity();
  return digestBytes(text.data(), text.size());
}

Plan EngineStore::obtain(const NetworkDescription& description) {
  const std::string key = keyOf(description);
  const std::string file = mFolder.empty() ? "" : (fs::path(mFolder) / (key.substr(key.find(':') + 1) + ".engine")).string();
  Plan plan;
  if (!file.empty()) {
    plan.facts.cacheKey = key;
    if (auto bytes = readFile(file)) {
      plan.bytes = std::move(*bytes);
      describePlan(plan, "cache");
      return plan;
    }
  }
  const auto start = std::chrono::steady_clock::now();
  plan.bytes = build(description);
  plan.facts.buildNs = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
  describePlan(plan, "built");
  if (!file.empty()) writeFileAtomically(file, {plan.bytes.data(), plan.bytes.size()});
  return plan;
}

std::vector<char> EngineStore::build(const NetworkDescription& description) {
  mLog.takeMessages();
  const auto builder = mTensorrt.createBuilder();
  const Owned<nvinfer1::INetworkDefinition> network(builder->createNetworkV2(networkFlags()));
  const Owned<nvinfer1::IBuilderConfig> config(builder->createBuilderConfig());
  if (!network || !config) throw Error(ExitCode::kRunFailed, "TensorRT made no network: " + mLog.takeMessages());
  const KeptWeights weights = defineNetwork(*network, description, mPlugins, mTensorrt, mLog);
  addProfile(*builder, *config, *network, description);
  config->setProfilingVerbosity(nvinfer1::ProfilingVerbosity::kDETAILED);
  if (!mTensorrt.isRtx()) leaveOutExternalTactics(*config);
  allowProfileSharing(*config);
  if (description.type) {
    if (const auto type = dataType(tensorType(*description.type))) allowPrecision(*config, *type);
  }
  const auto timingCache = loadTimingCache(*config);
  const Owned<nvinfer1::IHostMemory> serialised(builder->buildSerializedNetwork(*network, *config));
  if (!serialised) throw Unsupported("TensorRT could not build the engine: " + mLog.takeMessages());
  if (timingCache) saveTimingCache(*config);
  const auto* bytes = static_cast<const char*>(serialised->data());
  return {bytes, bytes + serialised->size()};
}

Owned<nvinfer1::ITimingCache> EngineStore::loadTimingCache(nvinfer1::IBuilderConfig& config) {
  if (mTimingFile.empty()) return nullptr;
  const auto bytes = readFile(mTimingFile);
  Owned<nvinfer1::ITimingCache> cache(config.createTimingCache(bytes ? bytes->data() : nullptr, bytes ? bytes->size() : 0));
  // A cache of another device or version is refused; an empty one then takes its place.
  if (cache && !config.setTimingCache(*cache, false)) {
    cache.reset(config.createTimingCache(nullptr, 0));
    if (cache && !config.setTimingCache(*cache, false)) cache.reset();
  }
  return cache;
}

void EngineStore::saveTimingCache(const nvinfer1::IBuilderConfig& config) {
  const nvinfer1::ITimingCache* cache = config.getTimingCache();
  const Owned<nvinfer1::IHostMemory> bytes(cache ? cache->serialize() : nullptr);
  if (!bytes) return;
  writeFileAtomically(mTimingFile, {static_cast<const char*>(bytes->data()), bytes->size()});
  mTimingCacheDigest = digestBytes(bytes->data(), bytes->size());
}

Plan readPlan(const std::string& path) {
  auto bytes = readFile(path);
  if (!bytes) throw Error(ExitCode::kFileMissing, "cannot read the engine " + path, "check --engine");
  Plan plan;
  plan.bytes = std::move(*bytes);
  describePlan(plan, "file");
  return plan;
}

}  // namespace profiler::driver::trt
