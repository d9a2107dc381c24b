#include "trt_log.hpp"

namespace profiler::driver::trt {
namespace {

constexpr std::size_t kKept = 4;

std::string join(const std::deque<std::string>& messages) {
  std::string text;
  for (const auto& message : messages) text += (text.empty() ? "" : "; ") + message;
  return text;
}

}  // namespace

void Log::log(Severity severity, const char* message) noexcept {
  if (severity > Severity::kWARNING || message == nullptr) return;
  try {
    const std::lock_guard lock(mMutex);
    auto& messages = severity == Severity::kWARNING ? mWarnings : mErrors;
    messages.emplace_back(message);
    if (messages.size() > kKept) messages.pop_front();
  } catch (...) {
    // A message that no memory is left for is lost; TensorRT must not see an exception.
  }
}

std::string Log::takeMessages() {
  const std::lock_guard lock(mMutex);
  std::string text = join(mErrors.empty() ? mWarnings : mErrors);
  mErrors.clear();
  mWarnings.clear();
  return text;
}

}  // namespace profiler::driver::trt
