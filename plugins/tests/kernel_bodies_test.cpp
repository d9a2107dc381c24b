/// @file
/// Runs the code of the kernels on the host, thread by thread, with the launches that the plan chooses: every element must be computed,
/// nothing outside the tensor touched. Cache hints and half arithmetic of the GPU are left to the GPU test.
#include <cuda_runtime.h>

#include <cstring>
#include <string>
#include <vector>

#include "check.hpp"
#include "contract/contract.hpp"

// What the compiler provides in device code.
static thread_local uint3 threadIdx;
static thread_local uint3 blockIdx;
static thread_local dim3 blockDim;
static thread_local dim3 gridDim;
inline unsigned int __float_as_uint(float value) {
  unsigned int bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
inline float __uint_as_float(unsigned int bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
uint4 __ldcs(uint4 const* source);
void __stcs(uint4* target, uint4 packet);

#include "elementwise/kernel_bodies.cuh"
#include "elementwise/launch_plan.hpp"

using namespace profiler::plugins;
using namespace profiler::plugins::elementwise;

namespace {

constexpr KernelNames kNames = kernelNames("any");
constexpr size_t kGuard = 64;
constexpr unsigned char kPoison = 0xA5;

/// Small integers are exact in every type, and so are their negatives and doubles.
struct Twice {
  float operator()(float x) const { return 2.0f * x; }
};

template <typename T, int32_t kItems>
void runThread(LaunchPlan const& plan) {
  switch (plan.request.variant) {
    case Variant::kScalar: mapElements<T, kItems>(plan.extent, Twice{}); break;
    case Variant::kVectorized: mapPacketsOnce<T, kItems, CachePolicy::kDefault>(plan.extent, Twice{}); break;
    default: mapPacketsPersistent<T, kItems, CachePolicy::kDefault>(plan.extent, Twice{}); break;
  }
}

template <typename T>
void runGrid(LaunchPlan const& plan) {
  gridDim = dim3(plan.config.grid[0]);
  blockDim = dim3(plan.config.block[0]);
  for (blockIdx.x = 0; blockIdx.x < gridDim.x; ++blockIdx.x) {
    for (threadIdx.x = 0; threadIdx.x < blockDim.x; ++threadIdx.x) {
      switch (plan.request.items) {
        case 1: runThread<T, 1>(plan); break;
        case 2: runThread<T, 2>(plan); break;
        case 4: runThread<T, 4>(plan); break;
        default: runThread<T, 8>(plan); break;
      }
    }
  }
}

/// Memory with guard zones whose tensor starts `offset` elements behind a 64-byte boundary. Its allocation ends with the guard.
class HostTensor {
 public:
  HostTensor(ElementType type, int64_t count, int64_t offset)
      : mOffset(static_cast<size_t>(offset * elementSizeBytes(type))),
        mBytes(static_cast<size_t>(count * elementSizeBytes(type))),
        mMemory(2 * kGuard + 64 + mOffset + mBytes, kPoison) {
    auto const address = reinterpret_cast<uintptr_t>(mMemory.data()) + kGuard;
    mStart = kGuard + (64 - address % 64) % 64 + mOffset;
  }

  void* data() { return mMemory.data() + mStart; }

  bool guardsIntact() const {
    bool intact = true;
    for (size_t index = 0; index < mMemory.size(); ++index) {
      intact = intact && (mMemory[index] == kPoison || (index >= mStart && index < mStart + mBytes));
    }
    return intact;
  }

 private:
  size_t mOffset;
  size_t mBytes;
  size_t mStart = 0;
  std::vector<unsigned char> mMemory;
};

template <typename T>
void checkLaunch(ElementType type, std::string const& text, int64_t count, int64_t inputOffset, int64_t outputOffset) {
  Op const& op = *findOp("swish");
  Attributes attributes(op.info().fields);
  CHECK_DETAIL(attributes.parse(text), text);
  HostTensor source(type, count, inputOffset);
  HostTensor target(type, count, outputOffset);
  for (int64_t index = 0; index < count; ++index) storeElement(type, source.data(), index, static_cast<double>(index % 61 + 1));
  DeviceInfo device;
  device.smCount = 3;  // few, so that a persistent grid takes several rounds on small tensors
  LaunchPlan const plan =
      planLaunch(op.info(), kNames, attributes, device, {type, {1, {count}}, source.data()}, {type, {1, {count}}, target.data()});
  runGrid<T>(plan);
  long wrong = 0;
  for (int64_t index = 0; index < count; ++index) {
    wrong += loadElement(type, target.data(), index) != 2.0 * static_cast<double>(index % 61 + 1);
  }
  std::string const detail = text + " " + elementTypeName(type) + " count=" + std::to_string(count) +
                             " offsets=" + std::to_string(inputOffset) + "," + std::to_string(outputOffset) + ": " + std::to_string(wrong) +
                             " wrong";
  CHECK_DETAIL(wrong == 0, detail);
  CHECK_DETAIL(target.guardsIntact() && source.guardsIntact(), detail);
}

template <typename T>
void checkType(ElementType type) {
  for (char const* const variant : {"scalar", "vectorized", "grid_stride"}) {
    for (char const* const launch : {"block=32 items=1", "block=32 items=2", "block=64 items=4", "block=32 items=8"}) {
      std::string const text = std::string("variant=") + variant + " " + launch;
      for (int64_t const count : {0, 1, 2, 3, 7, 8, 9, 127, 128, 129, 2047, 2048, 2049, 20011}) {
        for (int64_t const offset : {0, 1, 3, 7}) checkLaunch<T>(type, text, count, offset, offset);
        checkLaunch<T>(type, text, count, 1, 2);
      }
    }
  }
  checkLaunch<T>(type, "variant=grid_stride block=32 items=1 grid=half_wave", 50021, 1, 1);
}

}  // namespace

int main() {
  checkType<float>(ElementType::kFloat32);
  checkType<__half>(ElementType::kFloat16);
  checkType<__nv_bfloat16>(ElementType::kBFloat16);
  return test::checks().finish("kernel_bodies");
}
