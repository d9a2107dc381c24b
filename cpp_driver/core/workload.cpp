#include "workload.hpp"

#include "json.hpp"

namespace profiler::core {

std::int64_t Workload::bytesPerIteration() const {
  std::int64_t bytes = 0;
  for (auto const& tensor : tensors()) bytes += static_cast<std::int64_t>(tensor.sizeBytes());
  return bytes;
}

Json Workload::facts() const { return Json::object(); }

}  // namespace profiler::core
