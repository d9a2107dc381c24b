/// @file
/// Entry points that TensorRT's registry looks up when it loads the library: the creators of every built-in op, and the logger finder.
/// There is no registration macro: it would register the creators a second time and needs TensorRT at link time.
#include <NvInferVersion.h>

#include <memory>
#include <vector>

#include "../contract/registry.hpp"
#include "plugin_log.hpp"
#if NV_TENSORRT_MAJOR >= 10
#include "adapter_v3.hpp"
#else
#include "adapter_v2.hpp"
#endif

#define PROFILER_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))

namespace {

namespace plugins = profiler::plugins;

#if NV_TENSORRT_MAJOR >= 10
using CreatorInterface = nvinfer1::IPluginCreatorInterface;
using Creator = plugins::adapter::CreatorV3;
#else
using CreatorInterface = nvinfer1::IPluginCreator;
using Creator = plugins::adapter::CreatorV2;
#endif

std::vector<CreatorInterface*> makeCreators() {
  std::vector<CreatorInterface*> creators;
  for (plugins::Op const* const op : plugins::allOps()) creators.push_back(new Creator(*op));
  return creators;
}

/// Never freed: the registry may hold the creators until the process ends.
CreatorInterface* const* findCreators(int32_t& count) noexcept {
  count = 0;
  return plugins::adapter::guarded<CreatorInterface* const*>("profiler plugins", nullptr, [&count] {
    static auto const* const creators = std::make_unique<std::vector<CreatorInterface*>>(makeCreators()).release();
    count = static_cast<int32_t>(creators->size());
    return creators->data();
  });
}

}  // namespace

#if NV_TENSORRT_MAJOR >= 10
PROFILER_PLUGIN_EXPORT CreatorInterface* const* getCreators(int32_t& count) { return findCreators(count); }
#else
PROFILER_PLUGIN_EXPORT CreatorInterface* const* getPluginCreators(int32_t& count) { return findCreators(count); }
#endif

PROFILER_PLUGIN_EXPORT void setLoggerFinder(nvinfer1::ILoggerFinder* finder) { plugins::adapter::setLoggerFinder(finder); }
