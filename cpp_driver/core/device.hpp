/// What measuring asks of a device: memory, streams, events, graphs and four small kernels. A GPU answers through the CUDA driver, the
/// host through plain memory and its clock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tensor_spec.hpp"

namespace profiler::core {

/// Identity and limits of the device, as the result document records them.
struct DeviceFacts {
  int ordinal = 0;
  std::string name, uuid, computeCapability;
  int smCount = 0, maxThreadsPerSm = 0, maxBlocksPerSm = 0, registersPerSm = 0, sharedMemoryPerSmBytes = 0;
  std::optional<std::int64_t> smClockHz, memoryClockHz, memoryBandwidthBytesPerS;
  std::int64_t l2CacheBytes = 0, totalMemoryBytes = 0;
  std::string driverVersion;  ///< CUDA version of the driver, as `13.0`.
};

/// Memory, a stream, an event or a graph. Giving it back never throws; what fails is logged, save where the context is lost.
using Handle = std::shared_ptr<void>;

/// One device. Streams are null on the host and a CUstream (cudaStream_t) otherwise. Calls that fail throw CudaError.
class Device {
 public:
  virtual ~Device() = default;
  virtual DeviceFacts const& facts() const = 0;
  virtual bool isHost() const { return false; }

  /// Makes the device the calling thread's.
  virtual void makeCurrent() = 0;
  virtual void synchronize() = 0;
  /// Whether an error has made the context unusable, so that every later call fails with it.
  virtual bool isLost() noexcept = 0;
  /// Tells a tool where the measured part begins and ends.
  virtual void startProfiler() = 0;
  virtual void stopProfiler() noexcept = 0;

  virtual std::size_t freeBytes() = 0;
  /// Zero bytes give an empty handle.
  virtual Handle allocate(std::size_t byteCount) = 0;
  /// Host memory that the device reads and writes at full speed.
  virtual Handle allocatePinned(std::size_t byteCount) = 0;
  virtual void set(void* at, unsigned char value, std::size_t byteCount, void* stream) = 0;
  virtual void copy(void* to, void const* from, std::size_t byteCount, void* stream) = 0;
  /// Enqueues a copy to the host.
  virtual void readBack(void* host, void const* from, std::size_t byteCount, void* stream) = 0;

  virtual Handle makeStream(bool blocking) = 0;
  virtual void synchronize(void* stream) = 0;
  virtual bool isIdle(void* stream) = 0;
  /// Records `work` as a graph that `launch` starts on `stream`.
  virtual Handle capture(void* stream, std::function<void()> const& work) = 0;
  virtual void launch(void* graph, void* stream) = 0;

  virtual Handle makeEvent() = 0;
  virtual void record(void* event, void* stream) = 0;
  virtual void wait(void* event) = 0;
  virtual bool hasPassed(void* event) = 0;
  virtual std::int64_t elapsedNs(void* start, void* end) = 0;

  /// Fills a tensor with the values that `mixIndex` gives for this sequence.
  virtual void fill(void* data, TensorSpec const& spec, std::uint64_t sequence, void* stream) = 0;
  /// Reads so many bytes that they replace what the caches hold; leaves no dirty line behind.
  virtual void readThrough(void const* data, std::size_t byteCount, void* stream) = 0;
  /// Sets `flags[k]` to 1 for each of `count` blocks of bytes that differs from `like`; block k begins at `first + k * stride`. Blocks
  /// begin at multiples of 4 bytes.
  virtual void compareSets(void const* first, void const* like, std::size_t byteCount, std::size_t stride, std::size_t count,
                           std::uint32_t* flags, void* stream) = 0;
  /// Keeps the stream busy for about so long, so that work behind it starts without waiting for the host.
  virtual void delay(std::int64_t nanoseconds, void* stream) = 0;
};

/// Opens a CUDA device and makes it current; lives until the process ends. Throws Error(kLibraryMissing) without a driver or a device of
/// that number.
Device& cudaDevice(int ordinal);
/// Number of CUDA devices; 0 without a driver.
int cudaDeviceCount() noexcept;
/// The host as a device.
Device& hostDevice();

}  // namespace profiler::core
