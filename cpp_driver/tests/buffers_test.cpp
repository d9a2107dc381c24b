// Buffer sets on the host and, where there is one, on the GPU: all alike after filling, poisoned on request, and a single wrong byte in one
// of them is found.
#include "buffers.hpp"

#include <vector>

#include "tests/check.hpp"

namespace {

using namespace profiler::core;

constexpr std::size_t kSets = 5;
constexpr std::int64_t kElements = 1023;  // ends within a word

std::vector<unsigned char> bytesOf(BufferRing const& ring, std::size_t set, std::size_t tensor) {
  std::vector<unsigned char> bytes(ring.tensors()[tensor].sizeBytes());
  ring.device().readBack(bytes.data(), ring.addresses(set)[tensor], bytes.size(), nullptr);
  ring.device().synchronize();
  return bytes;
}

void setsAreToldApart(Device& device) {
  Handle const stream = device.makeStream(false);
  BufferRing ring(device,
                  {{"input0", {kElements}, profiler::plugins::ElementType::kFloat16, true},
                   {"output0", {kElements}, profiler::plugins::ElementType::kFloat16, false}},
                  {kSets, false});
  ring.fill(1, stream.get());
  device.synchronize(stream.get());
  std::vector<unsigned char> const poison(2 * kElements, 0xFF), input = bytesOf(ring, 0, 0);
  CHECK(input != poison && bytesOf(ring, kSets - 1, 0) == input && bytesOf(ring, kSets - 1, 1) == poison);
  for (std::size_t set = 0; set < kSets; ++set) device.copy(ring.addresses(set)[1], ring.addresses(set)[0], 2 * kElements, stream.get());
  auto const verified = ring.copyOutputs(1, stream.get());
  CHECK(ring.setsUnlike(verified, kSets, stream.get()).empty());
  auto* last = static_cast<char*>(ring.addresses(3)[1]) + 2 * kElements - 1;
  device.set(last, 0x5A, 1, stream.get());
  CHECK(ring.setsUnlike(verified, kSets, stream.get()) == std::vector<std::size_t>{3});
  CHECK(ring.setsUnlike(verified, 3, stream.get()).empty());
  CHECK((ring.setsUnlike(ring.copyOutputs(3, stream.get()), kSets, stream.get()) == std::vector<std::size_t>{0, 1, 2, 4}));
  CHECK(ring.setsUnlike(std::vector<Handle>(2), kSets, stream.get()).size() == kSets);
  device.set(last + 1, 0x5A, 1, stream.get());  // beyond the tensor: belongs to nobody
  device.set(last, bytesOf(ring, 1, 1).back(), 1, stream.get());
  CHECK(ring.setsUnlike(verified, kSets, stream.get()).empty());
  ring.poisonAll(stream.get());
  device.synchronize(stream.get());
  for (std::size_t set = 0; set < kSets; ++set) CHECK(bytesOf(ring, set, 0) == input && bytesOf(ring, set, 1) == poison);
}

}  // namespace

int main() {
  setsAreToldApart(hostDevice());
  if (cudaDeviceCount() > 0) setsAreToldApart(cudaDevice(0));
  return profiler::plugins::test::checks().finish("buffers");
}
