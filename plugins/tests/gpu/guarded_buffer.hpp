/// @file
/// Device memory with guard zones before and after, so that a write outside the tensor is seen.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace profiler::plugins::test {

/// Throws with the call's name when a CUDA call failed.
inline void cudaCheck(cudaError_t error, char const* what) {
  if (error != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}
#define CUDA_CHECK(call) ::profiler::plugins::test::cudaCheck((call), #call)

/// A stream that does not wait for the default stream, so that a launch on the wrong stream is a visible race.
class Stream {
 public:
  Stream() { CUDA_CHECK(cudaStreamCreateWithFlags(&mStream, cudaStreamNonBlocking)); }
  ~Stream() { cudaStreamDestroy(mStream); }
  Stream(Stream const&) = delete;
  Stream& operator=(Stream const&) = delete;
  operator cudaStream_t() const noexcept { return mStream; }
  void synchronize() const { CUDA_CHECK(cudaStreamSynchronize(mStream)); }

 private:
  cudaStream_t mStream = nullptr;
};

/// Room for a tensor of up to `capacity` bytes at any small offset, between two guard zones. Everything starts as poison.
class GuardedBuffer {
 public:
  static constexpr size_t kGuardBytes = 1024;
  static constexpr unsigned char kPoison = 0xA5;

  explicit GuardedBuffer(size_t capacity);
  ~GuardedBuffer() { cudaFree(mMemory); }
  GuardedBuffer(GuardedBuffer const&) = delete;
  GuardedBuffer& operator=(GuardedBuffer const&) = delete;

  /// Address of a tensor that starts `offset` bytes behind a 256-byte boundary.
  void* at(size_t offset) const noexcept { return mMemory + kGuardBytes + offset; }

  /// Fills guard zones and a tensor of `bytes` at `offset` with poison.
  void poison(size_t offset, size_t bytes, cudaStream_t stream) const;

  /// Copies the tensor back and says how many guard bytes before and behind it changed.
  size_t read(size_t offset, size_t bytes, std::vector<unsigned char>& tensor, Stream const& stream) const;

 private:
  unsigned char* mMemory = nullptr;
  size_t mCapacity;
};

}  // namespace profiler::plugins::test
