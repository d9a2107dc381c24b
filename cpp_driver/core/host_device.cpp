// The host as a device: plain memory, work that is done when the call returns, and the monotonic clock.
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>

#include "device.hpp"
#include "error.hpp"
#include "random_input.hpp"

namespace profiler::core {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::int64_t kCacheBytes = std::int64_t{64} << 20;  // of the last-level cache: what buffers are rotated past twice

class HostDevice : public Device {
 public:
  HostDevice() {
    mFacts.name = "host";
    mFacts.l2CacheBytes = kCacheBytes;
    mFacts.totalMemoryBytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  }
  DeviceFacts const& facts() const override { return mFacts; }
  bool isHost() const override { return true; }

  void makeCurrent() override {}
  void synchronize() override {}
  bool isLost() noexcept override { return false; }
  void startProfiler() override {}
  void stopProfiler() noexcept override {}

  std::size_t freeBytes() override { return static_cast<std::size_t>(mFacts.totalMemoryBytes) / 4 * 3; }
  Handle allocate(std::size_t byteCount) override {
    std::size_t const rounded = (byteCount + kAlignment - 1) / kAlignment * kAlignment;
    void* data = byteCount > 0 ? std::aligned_alloc(kAlignment, rounded) : nullptr;
    if (byteCount > 0 && !data) throw std::bad_alloc();
    return {data, std::free};
  }
  Handle allocatePinned(std::size_t byteCount) override { return allocate(byteCount); }
  void set(void* at, unsigned char value, std::size_t byteCount, void*) override { std::memset(at, value, byteCount); }
  void copy(void* to, void const* from, std::size_t byteCount, void*) override { std::memcpy(to, from, byteCount); }
  void readBack(void* host, void const* from, std::size_t byteCount, void*) override { std::memcpy(host, from, byteCount); }

  Handle makeStream(bool) override { return {}; }
  void synchronize(void*) override {}
  bool isIdle(void*) override { return true; }
  Handle capture(void*, std::function<void()> const&) override { throw Unsupported("the host has no CUDA graphs"); }
  void launch(void*, void*) override {}

  Handle makeEvent() override { return std::make_shared<Clock::time_point>(); }
  void record(void* event, void*) override { *static_cast<Clock::time_point*>(event) = Clock::now(); }
  void wait(void*) override {}
  /// No launch gap can stand between two readings of the clock.
  bool hasPassed(void*) override { return false; }
  std::int64_t elapsedNs(void* start, void* end) override {
    auto const time = *static_cast<Clock::time_point*>(end) - *static_cast<Clock::time_point*>(start);
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  }

  void fill(void* data, TensorSpec const& spec, std::uint64_t sequence, void*) override {
    for (std::int64_t i = 0; i < spec.elementCount(); ++i) {
      std::uint64_t const hash = mixIndex(sequence, static_cast<std::uint64_t>(i));
      if (isFloat(spec.type)) {
        plugins::storeElement(spec.type, data, i, static_cast<double>(uniformFrom(hash)));
      } else {
        std::uint64_t const bit = hash >> 63;  // little-endian: the first bytes hold it whatever the width
        std::memcpy(static_cast<char*>(data) + static_cast<std::size_t>(i) * spec.elementBytes(), &bit, spec.elementBytes());
      }
    }
  }
  void readThrough(void const* data, std::size_t byteCount, void*) override {
    unsigned char sum = 0;
    for (std::size_t i = 0; i < byteCount; i += 64) sum ^= static_cast<unsigned char const*>(data)[i];
    mNever = sum;
  }
  void compareSets(void const* first, void const* like, std::size_t byteCount, std::size_t stride, std::size_t count, std::uint32_t* flags,
                   void*) override {
    for (std::size_t set = 0; set < count; ++set) {
      if (std::memcmp(static_cast<char const*>(first) + set * stride, like, byteCount) != 0) flags[set] = 1;
    }
  }
  void delay(std::int64_t, void*) override {}

 private:
  using Clock = std::chrono::steady_clock;
  DeviceFacts mFacts;
  unsigned char volatile mNever = 0;
};

}  // namespace

Device& hostDevice() {
  static HostDevice device;
  return device;
}

}  // namespace profiler::core
