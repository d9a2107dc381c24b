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
  void log(Severity severity, char const* message) noexcept override;
  /// Latest errors (warnings where there is no error), oldest first, joined by "; ", and forgets all messages. Empty when quiet.
  std::string takeMessages();

 private:
  std::mutex mMutex;
  std::deque<std::string> mErrors, mWarnings;
};

}  // namespace profiler::driver::trt
