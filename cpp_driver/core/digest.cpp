#include "digest.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include "error.hpp"

namespace profiler::core {
namespace {

constexpr std::array<std::uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::uint32_t rotateRight(std::uint32_t word, int count) { return (word >> count) | (word << (32 - count)); }

}  // namespace

void Sha256::compress(std::uint8_t const* block) {
  std::array<std::uint32_t, 64> w;
  for (int i = 0; i < 16; ++i) {
    std::uint8_t const* const bytes = block + std::ptrdiff_t{4} * i;
    w[i] = std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
  }
  for (int i = 16; i < 64; ++i) {
    std::uint32_t const s0 = rotateRight(w[i - 15], 7) ^ rotateRight(w[i - 15], 18) ^ (w[i - 15] >> 3);
    std::uint32_t const s1 = rotateRight(w[i - 2], 17) ^ rotateRight(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = mState;
  for (int i = 0; i < 64; ++i) {
    std::uint32_t const s1 = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25);
    std::uint32_t const t1 = h + s1 + ((e & f) ^ (~e & g)) + kRound[i] + w[i];
    std::uint32_t const s0 = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22);
    std::uint32_t const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  std::array<std::uint32_t, 8> const add = {a, b, c, d, e, f, g, h};
  for (int i = 0; i < 8; ++i) mState[i] += add[i];
}

void Sha256::update(void const* data, std::size_t byteCount) {
  auto const* bytes = static_cast<std::uint8_t const*>(data);
  mTotalBytes += byteCount;
  while (byteCount > 0) {
    if (mFilled == 0 && byteCount >= mBlock.size()) {
      compress(bytes);
      bytes += mBlock.size(), byteCount -= mBlock.size();
      continue;
    }
    std::size_t const taken = std::min(byteCount, mBlock.size() - mFilled);
    std::memcpy(mBlock.data() + mFilled, bytes, taken);
    mFilled += taken, bytes += taken, byteCount -= taken;
    if (mFilled == mBlock.size()) {
      compress(mBlock.data());
      mFilled = 0;
    }
  }
}

std::string Sha256::finish() {
  std::uint64_t const bitCount = mTotalBytes * 8;
  std::uint8_t const end = 0x80;
  std::uint8_t const zero = 0;
  update(&end, 1);
  while (mFilled != 56) update(&zero, 1);
  std::array<std::uint8_t, 8> length;
  for (int i = 0; i < 8; ++i) length[i] = static_cast<std::uint8_t>(bitCount >> (56 - 8 * i));
  update(length.data(), length.size());
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (std::uint32_t const word : mState)
    for (int shift = 28; shift >= 0; shift -= 4) hex += kHex[(word >> shift) & 0xF];
  return hex;
}

std::string digestBytes(void const* data, std::size_t byteCount) {
  Sha256 hash;
  hash.update(data, byteCount);
  return "sha256:" + hash.finish();
}

std::string digestFile(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ExitCode::kFileMissing, "cannot read " + path, "check the path and its permissions");
  Sha256 hash;
  std::vector<char> chunk(1 << 20);
  while (file.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || file.gcount() > 0) {
    hash.update(chunk.data(), static_cast<std::size_t>(file.gcount()));
  }
  return "sha256:" + hash.finish();
}

}  // namespace profiler::core
