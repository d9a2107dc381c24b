#include "stream_check.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

namespace profiler::core {
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
  Device& device = lane.device();
  std::size_t index = 0;
  TensorSpec const* output = firstOutput(lane.ring(), index);
  if (output == nullptr || device.isHost()) return std::nullopt;
  std::size_t const lookBytes = std::min(kLookBytes, output->sizeBytes());
  Handle const look = device.allocatePinned(lookBytes);
  Handle const held = device.makeStream(false);
  Handle const observer = device.makeStream(false);
  lane.ring().poisonOutputs(0, held.get());
  device.synchronize(held.get());
  device.delay(kHoldNs, held.get());
  lane.enqueueOn(0, held.get());
  std::this_thread::sleep_for(kEscapeTime);
  device.readBack(look.get(), lane.ring().addresses(0)[index], lookBytes, observer.get());
  device.synchronize(observer.get());
  bool const stillHeld = !device.isIdle(held.get());
  device.synchronize(held.get());
  if (!stillHeld) return std::nullopt;
  auto const* bytes = static_cast<unsigned char const*>(look.get());
  return std::all_of(bytes, bytes + lookBytes, [](unsigned char byte) { return byte == 0xFF; });
}

}  // namespace profiler::core
