#include "trt_log.hpp"

namespace profiler::driver::trt {
namespace {

constexpr std::size_t kKept = 4;

std::string join(std::deque<std::string> const& messages) {
  std::string text;
  for (auto const& message : messages) text += (text.empty() ? "" : "; ") + message;
  return text;
}

}  // namespace

void Log::log(Severity severity, char const* message) noexcept {
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

std::string Log::takeMessages() {
  std::lock_guard const lock(mMutex);
  std::string text = join(mErrors.empty() ? mWarnings : mErrors);
  mErrors.clear();
  mWarnings.clear();
  return text;
}

}  // namespace profiler::driver::trt
