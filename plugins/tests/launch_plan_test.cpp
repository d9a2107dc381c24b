/// @file
/// Launch configurations of every op for all kinds of sizes, alignments and attributes, checked against a model of what the kernels
/// cover. Needs no GPU: addresses are numbers, never read.
#include "elementwise/launch_plan.hpp"

#include <cstdint>
#include <string>

#include "check.hpp"
#include "contract/contract.hpp"

using namespace profiler::plugins;
using namespace profiler::plugins::elementwise;

namespace {

constexpr uintptr_t kBase = uintptr_t{1} << 40;

constexpr KernelNames kNames = kernelNames("any");

TensorView viewAt(uintptr_t address, int64_t count, ElementType type) {
  TensorView view;
  view.type = type;
  view.shape = {1, {count}};
  view.data = reinterpret_cast<void*>(address);
  return view;
}

LaunchPlan plan(char const* attributes, int64_t count, ElementType type, int64_t inputOffset = 0, int64_t outputOffset = 0) {
  Op const& op = *findOp("swish");
  Attributes parsed(op.info().fields);
  CHECK_DETAIL(parsed.parse(attributes), attributes);
  uintptr_t const size = static_cast<uintptr_t>(elementSizeBytes(type));
  uintptr_t const apart = (static_cast<uintptr_t>(count) * size + 4096) & ~uintptr_t{255};
  return planLaunch(op.info(), kNames, parsed, DeviceInfo{}, viewAt(kBase + static_cast<uintptr_t>(inputOffset) * size, count, type),
                    viewAt(kBase + apart + static_cast<uintptr_t>(outputOffset) * size, count, type));
}

/// Head, packets and tail must add up to all elements, start packets on a boundary, and the grid must cover all tiles.
void checkCoverage(LaunchPlan const& planned, int64_t count, ElementType type, std::string const& detail) {
  CHECK_DETAIL(planned.config.possible(), detail);
  if (count == 0) {
    CHECK_DETAIL(planned.config.grid[0] == 0, detail);
    return;
  }
  int64_t const tile = int64_t{planned.config.block[0]} * planned.request.items;
  int64_t const grid = planned.config.grid[0];
  CHECK_DETAIL(grid >= 1, detail);
  if (planned.request.variant == Variant::kScalar) {
    CHECK_DETAIL(grid * tile >= count && (grid - 1) * tile < count, detail);
    return;
  }
  int64_t const perPacket = kPacketBytes / elementSizeBytes(type);
  int64_t const tail = count - planned.extent.headCount - planned.extent.packetCount * perPacket;
  CHECK_DETAIL(planned.extent.headCount >= 0 && planned.extent.headCount < perPacket, detail);
  CHECK_DETAIL(tail >= 0 && tail < perPacket, detail);
  auto const body =
      reinterpret_cast<uintptr_t>(planned.extent.input) + static_cast<uintptr_t>(planned.extent.headCount * elementSizeBytes(type));
  CHECK_DETAIL(body % kPacketBytes == 0 || planned.extent.packetCount == 0, detail);
  if (planned.request.variant == Variant::kVectorized) {
    CHECK_DETAIL(grid * tile >= planned.extent.packetCount && (grid == 1 || (grid - 1) * tile < planned.extent.packetCount), detail);
  }
}

void checkAllSizes() {
  int64_t const sizes[] = {0,
                           1,
                           2,
                           3,
                           7,
                           8,
                           9,
                           15,
                           16,
                           17,
                           31,
                           33,
                           255,
                           1023,
                           1024,
                           1025,
                           4095,
                           65537,
                           1048577,
                           67108864,
                           (int64_t{1} << 31) - 1,
                           (int64_t{1} << 31) + 3,
                           (int64_t{1} << 36) + 5};
  for (ElementType const type : kElementTypes) {
    for (int64_t const count : sizes) {
      for (char const* const variant : {"auto", "scalar", "vectorized", "grid_stride"}) {
        for (char const* const launch : {"", "block=64 items=1", "block=1024 items=8", "block=96 items=2", "items=4"}) {
          for (int64_t const offset : {0, 1, 3}) {
            std::string const attributes = std::string("variant=") + variant + " " + launch;
            std::string const detail =
                attributes + " count=" + std::to_string(count) + " " + elementTypeName(type) + " offset=" + std::to_string(offset);
            checkCoverage(plan(attributes.c_str(), count, type, offset, offset), count, type, detail);
          }
        }
      }
    }
  }
}

void checkAlignment() {
  LaunchPlan const same = plan("variant=vectorized", 1000, ElementType::kFloat32, 1, 1);
  CHECK(same.extent.headCount == 3 && same.extent.packetCount == 249 && same.config.note == nullptr && same.config.accessBytes == 16);
  LaunchPlan const different = plan("variant=vectorized", 1000, ElementType::kFloat32, 1, 2);
  CHECK(different.request.variant == Variant::kScalar && different.config.note != nullptr && different.config.accessBytes == 4);
  CHECK(std::string(different.config.kernel) == "any_scalar_kernel");
  for (ElementType const type : kElementTypes) {
    int64_t const perPacket = kPacketBytes / elementSizeBytes(type);
    for (int64_t input = 0; input < perPacket; ++input) {
      for (int64_t output = 0; output < perPacket; ++output) {
        CHECK((plan("variant=vectorized", 1000, type, input, output).request.variant == Variant::kVectorized) == (input == output));
      }
    }
  }
  LaunchPlan const tiny = plan("variant=vectorized", 2, ElementType::kFloat16, 3, 3);
  CHECK(tiny.extent.headCount == 2 && tiny.extent.packetCount == 0 && tiny.config.grid[0] == 1);
}

void checkGridPolicies() {
  constexpr int64_t kMany = 67108864;
  CHECK(plan("variant=grid_stride block=256 items=4 grid=one_wave", kMany, ElementType::kFloat32).config.grid[0] == 132 * 8);
  CHECK(plan("variant=grid_stride block=256 items=4 grid=half_wave", kMany, ElementType::kFloat32).config.grid[0] == 132 * 4);
  CHECK(plan("variant=grid_stride block=256 items=4 grid=eight_waves", kMany, ElementType::kFloat32).config.grid[0] == 132 * 64);
  CHECK(plan("variant=grid_stride block=256 items=8 grid=one_wave", kMany, ElementType::kFloat32).config.grid[0] == 132 * 4);
  CHECK(plan("variant=grid_stride block=32 items=1 grid=one_wave", kMany, ElementType::kFloat32).config.grid[0] == 132 * 32);
  CHECK(plan("variant=grid_stride block=256 items=4 grid=exact", kMany, ElementType::kFloat32).config.grid[0] == 16384);
  CHECK(plan("variant=grid_stride block=256 items=4 grid=one_wave", 4096, ElementType::kFloat32).config.grid[0] == 1);
  CHECK(plan("variant=vectorized block=256 items=4", kMany, ElementType::kFloat32).config.grid[0] == 16384);
  CHECK(plan("variant=vectorized block=256 items=4", kMany, ElementType::kFloat16).config.grid[0] == 8192);
  CHECK(plan("variant=scalar block=256 items=1", kMany, ElementType::kFloat32).config.grid[0] == 262144);
  LaunchPlan const small = plan("", 1024, ElementType::kFloat32);
  CHECK(small.request.items == 1 && small.config.block[0] == 128);
}

void checkResolved() {
  LaunchPlan const planned = plan("beta=2", 67108864, ElementType::kFloat32);
  CHECK_DETAIL(planned.config.resolved.text() == "beta=2 variant=vectorized block=128 items=1 grid=exact cache=default",
               planned.config.resolved.text());
}

void checkRefusals() {
  auto const refused = [](LaunchPlan const& planned, char const* text) {
    std::string const reason = planned.config.refusal == nullptr ? "" : planned.config.refusal;
    CHECK_DETAIL(reason.find(text) != std::string::npos, reason);
  };
  refused(plan("variant=scalar grid=one_wave", 10, ElementType::kFloat32), "needs variant=grid_stride");
  refused(plan("grid=two_waves", 10, ElementType::kFloat32), "needs variant=grid_stride");
  refused(plan("variant=scalar cache=streaming", 10, ElementType::kFloat32), "cache hints need");
  refused(plan("variant=scalar block=32 items=1", int64_t{1} << 40, ElementType::kFloat16), "2^31 - 1 blocks");
  Op const& op = *findOp("swish");
  Attributes const own(op.info().fields);
  auto const planViews = [&](Attributes const& attributes, TensorView const& input, TensorView const& output) {
    return planLaunch(op.info(), kNames, attributes, DeviceInfo{}, input, output);
  };
  TensorView const input = viewAt(kBase, 100, ElementType::kFloat32);
  refused(planViews(Attributes(findOp("add_scalar")->info().fields), input, input), "another op");
  refused(planViews(own, input, viewAt(kBase, 100, ElementType::kFloat16)), "differ in type");
  refused(planViews(own, input, viewAt(kBase, 99, ElementType::kFloat32)), "differ in shape");
  refused(planViews(own, input, viewAt(kBase + 16, 100, ElementType::kFloat32)), "overlap");
  refused(planViews(own, viewAt(kBase + 2, 100, ElementType::kFloat32), input), "not aligned");
  refused(planViews(own, viewAt(kBase, -5, ElementType::kFloat32), viewAt(kBase, -5, ElementType::kFloat32)), "shape is not valid");
  TensorView const endless = viewAt(0, int64_t{1} << 61, ElementType::kFloat32);
  Attributes persistent = own;
  CHECK(persistent.set("variant", "grid_stride"));
  refused(planViews(persistent, endless, endless), "at most 2^56 elements");
  CHECK(planViews(own, input, input).config.possible());  // in place
}

void checkResidency() {
  DeviceInfo device;
  CHECK(residentBlocksPerSm(device, 1024, 4) == 2 && residentBlocksPerSm(device, 1024, 8) == 1);
  device.maxThreadsPerSm = 1536;
  device.computeCapability = 89;
  CHECK(residentBlocksPerSm(device, 1024, 4) == 1 && residentBlocksPerSm(device, 32, 4) == 24 && residentBlocksPerSm(device, 512, 1) == 3);
  device.computeCapability = 75;
  device.maxThreadsPerSm = 1024;
  CHECK(residentBlocksPerSm(device, 32, 1) == 16);
}

void checkBytesPerIteration() {
  for (Op const* const op : allOps()) {
    TensorView tensor = viewAt(0, 67108864, ElementType::kFloat16);
    if (op->info().elementwise) {
      Attributes const attributes(op->info().fields);
      TensorView output;
      op->describeOutputs(attributes, &tensor, &output);
      CHECK(op->bytesPerIteration(attributes, &tensor, &output) == 2 * 2 * int64_t{67108864});
      tensor = viewAt(0, kMaxElements, ElementType::kFloat32);
      op->describeOutputs(attributes, &tensor, &output);
      CHECK(op->bytesPerIteration(attributes, &tensor, &output) == 2 * 4 * kMaxElements);
      tensor = viewAt(0, kMaxElements + 1, ElementType::kFloat32);
      op->describeOutputs(attributes, &tensor, &output);
      CHECK(tensor.sizeBytes() == -1 && op->bytesPerIteration(attributes, &tensor, &output) == -1);
    }
  }
}

}  // namespace

int main() {
  checkAllSizes();
  checkAlignment();
  checkGridPolicies();
  checkResolved();
  checkRefusals();
  checkResidency();
  checkBytesPerIteration();
  return test::checks().finish("launch_plan");
}
