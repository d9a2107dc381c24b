/// @file
/// Validation, the `auto` rules and the grid arithmetic of elementwise launches.
#include "launch_plan.hpp"

#include <algorithm>

namespace profiler::plugins::elementwise {
namespace {

constexpr int64_t kMaxGrid = 2147483647;  // CUDA's limit of gridDim.x
// Measured on an H200 at 65536x1024, float32 and float16: one 16-byte access a thread in small blocks runs at the speed of a copy,
// every further access a thread or larger block is slower (docs/speed.md has the table and the command).
constexpr int32_t kVectorizedBlock = 128;
constexpr int32_t kVectorizedItems = 1;
constexpr int32_t kDefaultBlock = 256;
/// Of each grid policy, so that half a wave is an integer too; what counts no waves takes one.
constexpr int32_t kHalfWaves[] = {2, 2, 1, 2, 4, 8, 16};

/// Position of the first launch attribute.
int32_t launchFieldBase(OpInfo const& info) noexcept { return static_cast<int32_t>(info.fields.size()) - kLaunchFieldCount; }

LaunchRequest readRequest(Attributes const& attributes, int32_t base) noexcept {
  return {static_cast<Variant>(attributes.integerAt(base + kVariant)), attributes.integerAt(base + kBlock),
          attributes.integerAt(base + kItems), static_cast<GridPolicy>(attributes.integerAt(base + kGrid)),
          static_cast<CachePolicy>(attributes.integerAt(base + kCache))};
}

/// True when two ranges share bytes without being the same range. Computing in place is fine, a shifted overlap is a race.
bool overlapsPartly(TensorView const& input, TensorView const& output) noexcept {
  auto const first = reinterpret_cast<uintptr_t>(input.data);
  auto const second = reinterpret_cast<uintptr_t>(output.data);
  auto const bytes = static_cast<uintptr_t>(input.sizeBytes());
  return first != 0 && second != 0 && first != second && first < second + bytes && second < first + bytes;
}

char const* tensorRefusal(OpInfo const& info, Attributes const& attributes, TensorView const& input, TensorView const& output) noexcept {
  if (attributes.fields().items != info.fields.items) return "the attributes belong to another op";
  bool const knowsType = std::find(info.types.begin(), info.types.end(), input.type) != info.types.end();
  if (!knowsType) return "the op does not compute on this element type";
  if (output.type != input.type) return "input and output differ in type";
  if (input.elementCount() < 0) return "the shape is not valid: rank 0 to 8, no negative dimension, at most 2^56 elements";
  if (output.shape != input.shape) return "input and output differ in shape";
  auto const size = static_cast<uintptr_t>(elementSizeBytes(input.type));
  if (reinterpret_cast<uintptr_t>(input.data) % size != 0 || reinterpret_cast<uintptr_t>(output.data) % size != 0) {
    return "a tensor is not aligned to its element size";
  }
  return overlapsPartly(input, output) ? "input and output overlap without being the same tensor" : nullptr;
}

bool sameAlignment(TensorView const& input, TensorView const& output) noexcept {
  return (reinterpret_cast<uintptr_t>(input.data) - reinterpret_cast<uintptr_t>(output.data)) % kPacketBytes == 0;
}

/// Splits the elements into head, packets and tail. For the element family everything stays in `elementCount`.
Extent splitElements(TensorView const& input, TensorView const& output, bool packets) noexcept {
  Extent extent;
  extent.input = input.data;
  extent.output = output.data;
  extent.elementCount = input.elementCount();
  if (packets) {
    int64_t const size = elementSizeBytes(input.type);
    auto const misalignment = static_cast<int64_t>(reinterpret_cast<uintptr_t>(input.data) % kPacketBytes);
    int64_t const toBoundary = misalignment == 0 ? 0 : (kPacketBytes - misalignment) / size;
    extent.headCount = std::min(toBoundary, extent.elementCount);
    extent.packetCount = (extent.elementCount - extent.headCount) / (kPacketBytes / size);
  }
  return extent;
}

int64_t ceilDivide(int64_t value, int64_t divisor) noexcept { return value / divisor + (value % divisor != 0); }

/// Small tensors take fewer loads a thread, so that every multiprocessor gets a block.
int32_t chooseItems(Variant variant, int64_t units, int32_t block, int32_t smCount) noexcept {
  if (variant == Variant::kVectorized) return kVectorizedItems;
  int32_t items = 4;
  while (items > 1 && ceilDivide(units, static_cast<int64_t>(block) * items) < smCount) items /= 2;
  return items;
}

int32_t chooseBlock(Variant variant, int64_t units, int32_t smCount) noexcept {
  bool const small = variant == Variant::kVectorized || units < static_cast<int64_t>(smCount) * kDefaultBlock;
  return small ? kVectorizedBlock : kDefaultBlock;
}

/// Number of blocks for `tiles` tiles.
int64_t chooseGrid(LaunchRequest const& request, DeviceInfo const& device, int64_t tiles) noexcept {
  if (request.variant != Variant::kGridStride || request.grid == GridPolicy::kExact) return tiles;
  int64_t const resident = static_cast<int64_t>(residentBlocksPerSm(device, request.block, request.items)) * std::max(device.smCount, 1);
  return std::min(tiles, std::max<int64_t>(resident * kHalfWaves[static_cast<int32_t>(request.grid)] / 2, 1));
}

/// Fills the extent and resolves the request, which keeps no `auto`.
void resolve(LaunchPlan& plan, DeviceInfo const& device, TensorView const& input, TensorView const& output) noexcept {
  LaunchRequest& request = plan.request;
  bool const askedPackets = request.variant != Variant::kScalar;
  bool const packets = askedPackets && sameAlignment(input, output);
  if (askedPackets && !packets) {
    plan.config.note = "input and output differ in 16-byte alignment: one element an access";
    request = {Variant::kScalar, request.block, request.items, GridPolicy::kExact, CachePolicy::kDefault};
  }
  plan.extent = splitElements(input, output, packets);
  int64_t const units = packets ? plan.extent.packetCount : plan.extent.elementCount;
  request.variant = request.variant == Variant::kAuto ? Variant::kVectorized : request.variant;
  request.block = request.block == 0 ? chooseBlock(request.variant, units, device.smCount) : request.block;
  request.items = request.items == 0 ? chooseItems(request.variant, units, request.block, device.smCount) : request.items;
  if (request.grid == GridPolicy::kAuto) request.grid = request.variant == Variant::kGridStride ? GridPolicy::kOneWave : GridPolicy::kExact;
  request.cache = request.cache == CachePolicy::kAuto ? CachePolicy::kDefault : request.cache;
}

void storeResolved(Attributes& attributes, LaunchRequest const& request, int32_t base) noexcept {
  double const values[kLaunchFieldCount] = {static_cast<double>(request.variant), static_cast<double>(request.block),
                                            static_cast<double>(request.items), static_cast<double>(request.grid),
                                            static_cast<double>(request.cache)};
  for (int32_t field = 0; field < kLaunchFieldCount; ++field) attributes.store(base + field, values[field]);
}

/// Blocks an architecture keeps on one multiprocessor. Source: CUDA C++ Programming Guide 13.0, table "Technical Specifications per
/// Compute Capability".
int32_t maxBlocksPerSm(int32_t computeCapability) noexcept {
  if (computeCapability == 75 || computeCapability == 86 || computeCapability == 87) return 16;
  return computeCapability == 89 || computeCapability == 120 || computeCapability == 121 ? 24 : 32;
}

}  // namespace

int32_t residentBlocksPerSm(DeviceInfo const& device, int32_t block, int32_t items) noexcept {
  // Eight packets in flight need up to 64 registers a thread, of which 65536 serve 1024 threads; fewer need at most 32.
  int32_t const threads = items > 4 ? std::min(device.maxThreadsPerSm, 1024) : device.maxThreadsPerSm;
  return std::clamp(threads / block, 1, maxBlocksPerSm(device.computeCapability));
}

char const* contradiction(OpInfo const& info, Attributes const& attributes) noexcept {
  LaunchRequest const request = readRequest(attributes, launchFieldBase(info));
  if (request.grid > GridPolicy::kExact && request.variant != Variant::kGridStride) {
    return "grid counts waves, which needs variant=grid_stride";
  }
  if (request.cache > CachePolicy::kDefault && request.variant == Variant::kScalar) {
    return "cache hints need variant=vectorized or variant=grid_stride";
  }
  return nullptr;
}

LaunchPlan planLaunch(OpInfo const& info, KernelNames const& kernelNames, Attributes const& attributes, DeviceInfo const& device,
                      TensorView const& input, TensorView const& output) noexcept {
  LaunchPlan plan;
  plan.config.refusal = tensorRefusal(info, attributes, input, output);
  if (plan.config.possible()) plan.config.refusal = contradiction(info, attributes);
  if (!plan.config.possible()) return plan;
  int32_t const base = launchFieldBase(info);
  LaunchRequest& request = plan.request;
  request = readRequest(attributes, base);
  resolve(plan, device, input, output);
  bool const packets = request.variant != Variant::kScalar;
  int64_t const units = packets ? plan.extent.packetCount : plan.extent.elementCount;
  // A tensor too short for a packet still has a head or a tail, which one block computes.
  int64_t const tiles = plan.extent.elementCount == 0 ? 0 : std::max<int64_t>(ceilDivide(units, int64_t{request.block} * request.items), 1);
  int64_t const grid = chooseGrid(request, device, tiles);
  if (grid > kMaxGrid) {
    plan.config.refusal = "the grid would exceed 2^31 - 1 blocks: raise block or items, or take variant=grid_stride";
    return plan;
  }
  plan.config.kernel = kernelNames[request.variant];
  plan.config.grid[0] = static_cast<uint32_t>(grid);
  plan.config.block[0] = static_cast<uint32_t>(request.block);
  plan.config.itemsPerThread = request.items;
  plan.config.accessBytes = packets ? kPacketBytes : elementSizeBytes(input.type);
  plan.config.resolved = attributes;
  storeResolved(plan.config.resolved, request, base);
  return plan;
}

}  // namespace profiler::plugins::elementwise
