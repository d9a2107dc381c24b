/// @file
/// Holds the logger finder of the library and writes through it.
#include "plugin_log.hpp"

#include <atomic>
#include <cstdio>

namespace profiler::plugins::adapter {
namespace {

// TensorRT's loading interface hands the finder over once per library, so one place per library must remember it.
std::atomic<nvinfer1::ILoggerFinder*> gFinder{nullptr};

nvinfer1::ILogger* findLogger() noexcept {
  nvinfer1::ILoggerFinder* const finder = gFinder.load();
  if (finder == nullptr) return nullptr;
  try {
    return finder->findLogger();
  } catch (...) {
    return nullptr;  // the message still reaches stderr
  }
}

}  // namespace

void setLoggerFinder(nvinfer1::ILoggerFinder* finder) noexcept { gFinder.store(finder); }

void logError(char const* plugin, char const* message) noexcept {
  char text[1024];
  std::snprintf(text, sizeof text, "%s: %s", plugin, message);
  if (nvinfer1::ILogger* const logger = findLogger()) {
    logger->log(nvinfer1::ILogger::Severity::kERROR, text);
  } else {
    std::fprintf(stderr, "error: %s\n", text);
  }
}

}  // namespace profiler::plugins::adapter
