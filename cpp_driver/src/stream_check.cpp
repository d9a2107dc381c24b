#include "stream_check.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "device_kernels.hpp"

namespace profiler::driver {
namespace {

constexpr std::int64_t kHoldNs = 8'000'000;
constexpr auto kEscapeTime = std::chrono::milliseconds(2);  // ample for work on another stream to reach the output
constexpr std::size_t kLookBytes = 4096;

TensorSpec const* firstOutput(BufferRing const& ring, std::size_t& index) {
  for (index = 0; index < ring.tensors().size(); ++index) {
    if (!ring.tensors()[index].isInput && ring.tensors()[index].sizeBytes() > 0) return &ring.tensors()[index];
  }
  return nullptr;
}

}  // namespace

std::optional<bool> checkKeepsToStream(Lane& lane) {
  std::size_t index = 0;
  TensorSpec const* output = firstOutput(lane.ring(), index);
  if (output == nullptr) return std::nullopt;
  std::size_t const lookBytes = std::min(kLookBytes, output->sizeBytes());
  PinnedMemory const look = allocatePinned(lookBytes);
  Stream const held = makeStream(cudaStreamNonBlocking);
  Stream const observer = makeStream(cudaStreamNonBlocking);
  lane.ring().poisonOutputs(0, held.get());
  CUDA_CHECK(cudaStreamSynchronize(held.get()));
  enqueueDelay(kHoldNs, held.get());
  lane.enqueueOn(0, held.get());
  std::this_thread::sleep_for(kEscapeTime);
  CUDA_CHECK(cudaMemcpyAsync(look.get(), lane.ring().addresses(0)[index], lookBytes, cudaMemcpyDeviceToHost, observer.get()));
  CUDA_CHECK(cudaStreamSynchronize(observer.get()));
  bool const stillHeld = cudaStreamQuery(held.get()) == cudaErrorNotReady;
  cudaGetLastError();
  CUDA_CHECK(cudaStreamSynchronize(held.get()));
  if (!stillHeld) return std::nullopt;
  auto const* bytes = static_cast<unsigned char const*>(look.get());
  return std::all_of(bytes, bytes + lookBytes, [](unsigned char byte) { return byte == 0xFF; });
}

}  // namespace profiler::driver
