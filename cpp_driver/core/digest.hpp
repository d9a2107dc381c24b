/// SHA-256 digests of files and texts (FIPS 180-4), written `sha256:<hex>`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace profiler::core {

class Sha256 {
 public:
  void update(void const* data, std::size_t byteCount);
  void update(std::string_view text) { update(text.data(), text.size()); }
  /// Ends the message and returns the digest as 64 hexadecimal digits; the object is spent afterwards.
  std::string finish();

 private:
  void compress(std::uint8_t const* block);

  std::array<std::uint32_t, 8> mState = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> mBlock{};
  std::size_t mFilled = 0;
  std::uint64_t mTotalBytes = 0;
};

std::string digestBytes(void const* data, std::size_t byteCount);
/// Digest of a file's content. Throws Error(kFileMissing) when it cannot be read.
std::string digestFile(std::string const& path);

}  // namespace profiler::core
