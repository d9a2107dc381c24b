#include "workload.hpp"

namespace profiler::driver {

std::int64_t Workload::bytesPerIteration() const {
  std::int64_t bytes = 0;
  for (auto const& tensor : tensors()) bytes += static_cast<std::int64_t>(tensor.sizeBytes());
  return bytes;
}

}  // namespace profiler::driver
