// Buffer sets on the GPU: all alike after filling, poisoned on request, and a single wrong byte in one of them is found.
#include <cstdio>
#include <vector>

#include "buffers.hpp"
#include "tests/check.hpp"

namespace {

using namespace profiler::driver;

constexpr std::size_t kSets = 5;
constexpr std::int64_t kElements = 1023;  // ends within a word
constexpr int kSkipped = 77;

std::vector<unsigned char> bytesOf(BufferRing const& ring, std::size_t set, std::size_t tensor) {
  std::vector<unsigned char> bytes(ring.tensors()[tensor].sizeBytes());
  CUDA_CHECK(cudaMemcpy(bytes.data(), ring.addresses(set)[tensor], bytes.size(), cudaMemcpyDeviceToHost));
  return bytes;
}

void setsAreToldApart() {
  Stream const stream = makeStream(cudaStreamNonBlocking);
  BufferRing ring({{"input0", {kElements}, TensorType::kFloat16, true}, {"output0", {kElements}, TensorType::kFloat16, false}}, {kSets, false},
                  std::int64_t{1} << 20);
  ring.fill(1, stream.get());
  CUDA_CHECK(cudaStreamSynchronize(stream.get()));
  std::vector<unsigned char> const poison(2 * kElements, 0xFF), input = bytesOf(ring, 0, 0);
  CHECK(input != poison && bytesOf(ring, kSets - 1, 0) == input && bytesOf(ring, kSets - 1, 1) == poison);
  for (std::size_t set = 0; set < kSets; ++set) {
    CUDA_CHECK(cudaMemcpy(ring.addresses(set)[1], ring.addresses(set)[0], 2 * kElements, cudaMemcpyDeviceToDevice));
  }
  auto const verified = ring.copyOutputs(1, stream.get());
  CHECK(ring.setsUnlike(verified, kSets, stream.get()).empty());
  auto* last = static_cast<char*>(ring.addresses(3)[1]) + 2 * kElements - 1;
  CUDA_CHECK(cudaMemset(last, 0x5A, 1));
  CHECK(ring.setsUnlike(verified, kSets, stream.get()) == std::vector<std::size_t>{3});
  CHECK(ring.setsUnlike(verified, 3, stream.get()).empty());
  CHECK((ring.setsUnlike(ring.copyOutputs(3, stream.get()), kSets, stream.get()) == std::vector<std::size_t>{0, 1, 2, 4}));
  CHECK(ring.setsUnlike(std::vector<DeviceMemory>(2), kSets, stream.get()).size() == kSets);
  CUDA_CHECK(cudaMemset(last + 1, 0x5A, 1));  // beyond the tensor: belongs to nobody
  CUDA_CHECK(cudaMemset(last, bytesOf(ring, 1, 1).back(), 1));
  CHECK(ring.setsUnlike(verified, kSets, stream.get()).empty());
  ring.poisonAll(stream.get());
  CUDA_CHECK(cudaStreamSynchronize(stream.get()));
  for (std::size_t set = 0; set < kSets; ++set) CHECK(bytesOf(ring, set, 0) == input && bytesOf(ring, set, 1) == poison);
}

}  // namespace

int main() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::puts("skipped: no GPU");
    return kSkipped;
  }
  setsAreToldApart();
  return profiler::plugins::test::checks().finish("buffers");
}
