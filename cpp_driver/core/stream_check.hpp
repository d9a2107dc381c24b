/// Finds out whether an executor keeps to the stream that it is given.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "lane.hpp"

namespace profiler::core {

/// Holds a non-blocking stream with a delay, enqueues one iteration behind it and looks at the poisoned output while the stream is
/// still held: if the output changed, work ran on another stream.
///
/// Returns:
///   true or false; absent when there is no output, or the look came too late to tell.
inline std::optional<bool> checkKeepsToStream(Lane& lane) {
  constexpr std::int64_t kHoldNs = 8'000'000;
  constexpr auto kEscapeTime = std::chrono::milliseconds(2);  // ample for work on another stream to reach the output
  constexpr std::size_t kLookBytes = 4096;
  Device& device = lane.device();
  auto const& tensors = lane.ring().tensors();
  auto const isLookedAt = [](TensorSpec const& tensor) { return !tensor.isInput && tensor.sizeBytes() > 0; };
  auto const output = std::find_if(tensors.begin(), tensors.end(), isLookedAt);
  if (output == tensors.end() || device.isHost()) return std::nullopt;
  std::size_t const lookBytes = std::min(kLookBytes, output->sizeBytes());
  Handle const look = device.allocatePinned(lookBytes);
  Handle const held = device.makeStream(false);
  Handle const observer = device.makeStream(false);
  lane.ring().poisonOutputs(0, held.get());
  device.synchronize(held.get());
  device.delay(kHoldNs, held.get());
  lane.enqueueOn(0, held.get());
  std::this_thread::sleep_for(kEscapeTime);
  device.readBack(look.get(), lane.ring().addresses(0)[static_cast<std::size_t>(output - tensors.begin())], lookBytes, observer.get());
  device.synchronize(observer.get());
  bool const stillHeld = !device.isIdle(held.get());
  device.synchronize(held.get());
  if (!stillHeld) return std::nullopt;
  auto const* bytes = static_cast<unsigned char const*>(look.get());
  return std::all_of(bytes, bytes + lookBytes, [](unsigned char byte) { return byte == 0xFF; });
}

}  // namespace profiler::core
