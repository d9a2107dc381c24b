/// @file
/// Messages from plugins to TensorRT's logger.
#pragma once

#include <NvInferRuntime.h>

#include <exception>
#include <string>

namespace profiler::plugins::adapter {

/// Keeps the finder that TensorRT hands to a plugin library when it loads it; null takes it back.
void setLoggerFinder(nvinfer1::ILoggerFinder* finder) noexcept;

/// Sends one error to the logger of the calling thread's builder, engine or context; to stderr when TensorRT gave no finder.
void logError(char const* plugin, char const* message) noexcept;
inline void logError(char const* plugin, std::string const& message) noexcept { logError(plugin, message.c_str()); }

/// Runs `body` and turns whatever it throws into a logged error and `fallback`, because nothing may leave a noexcept plugin method.
template <typename Result, typename Body>
Result guarded(char const* plugin, Result fallback, Body&& body) noexcept {
  try {
    return body();
  } catch (std::exception const& error) {
    logError(plugin, error.what());
  } catch (...) {
    logError(plugin, "unknown exception");
  }
  return fallback;
}

}  // namespace profiler::plugins::adapter
