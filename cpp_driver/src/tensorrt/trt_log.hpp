/// Collects what TensorRT reports, so that a failure can be explained in its own words.
#pragma once

#include <deque>
#include <mutex>
#include <string>

#include "trt_compat.hpp"

namespace profiler::driver::trt {

/// Thread-safe; keeps the latest warnings and errors and prints nothing.
class Log : public nvinfer1::ILogger {
 public:
  void log(Severity severity, char const* message) noexcept override {
    if (severity > Severity::kWARNING || message == nullptr) return;
    try {
      std::lock_guard const lock(mMutex);
      auto& messages = severity == Severity::kWARNING ? mWarnings : mErrors;
      messages.emplace_back(message);
      if (messages.size() > kKept) messages.pop_front();
    } catch (...) {
      // A message that no memory is left for is lost; TensorRT must not see an exception.
    }
  }
  /// Latest errors (warnings where there is no error), oldest first, joined by "; ", and forgets all messages. Empty when quiet.
  std::string takeMessages() {
    std::lock_guard const lock(mMutex);
    std::string text;
    for (auto const& message : mErrors.empty() ? mWarnings : mErrors) text += (text.empty() ? "" : "; ") + message;
    mErrors.clear();
    mWarnings.clear();
    return text;
  }

 private:
  static constexpr std::size_t kKept = 4;
  std::mutex mMutex;
  std::deque<std::string> mErrors, mWarnings;
};

}  // namespace profiler::driver::trt
