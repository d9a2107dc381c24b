// The CUDA driver, opened at run time: no CUDA header and no CUDA library is needed to build or to load this.
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

#include "device.hpp"
#include "error.hpp"

// Text of the kernels, put into the program as it stands in the file.
__asm__(
    ".pushsection .rodata\n"
    ".hidden profilerCoreKernels\n.globl profilerCoreKernels\nprofilerCoreKernels:\n"
    ".incbin \"" PROFILER_CORE_KERNELS_FILE
    "\"\n.byte 0\n"
    ".popsection\n");
extern "C" char const profilerCoreKernels[];

namespace profiler::core {
namespace {

using Status = int;  // CUresult; a CUdeviceptr is passed as the pointer that it is in all but name

// Numbers of the driver's ABI. Source: CUDA Driver API reference, CUresult, CUdevice_attribute, CUstream_flags, CUstreamCaptureMode.
constexpr Status kSuccess = 0, kDeinitialized = 4, kNotReady = 600;
constexpr std::array<Status, 10> kContextLost = {214, 700, 702, 710, 714, 715, 716, 717, 718, 719};
constexpr unsigned int kNonBlocking = 1;
constexpr int kCaptureThreadLocal = 1;
enum Attribute {
  kClockRateKhz = 13,
  kMultiprocessors = 16,
  kMemoryClockRateKhz = 36,
  kMemoryBusBits = 37,
  kL2CacheBytes = 38,
  kThreadsPerMultiprocessor = 39,
  kMajor = 75,
  kMinor = 76,
  kSharedMemoryPerMultiprocessor = 81,
  kRegistersPerMultiprocessor = 82,
  kBlocksPerMultiprocessor = 106,
};

// Every entry point of the driver that is used: member, symbol, arguments.
#define PROFILER_CUDA_ENTRIES(X)                                                                                               \
  X(init, "cuInit", unsigned int)                                                                                              \
  X(driverVersion, "cuDriverGetVersion", int*)                                                                                 \
  X(errorName, "cuGetErrorName", Status, char const**)                                                                         \
  X(errorString, "cuGetErrorString", Status, char const**)                                                                     \
  X(deviceCount, "cuDeviceGetCount", int*)                                                                                     \
  X(deviceGet, "cuDeviceGet", int*, int)                                                                                       \
  X(deviceName, "cuDeviceGetName", char*, int, int)                                                                            \
  X(deviceUuid, "cuDeviceGetUuid", unsigned char*, int)                                                                        \
  X(deviceAttribute, "cuDeviceGetAttribute", int*, int, int)                                                                   \
  X(deviceMemory, "cuDeviceTotalMem_v2", std::size_t*, int)                                                                    \
  X(contextRetain, "cuDevicePrimaryCtxRetain", void**, int)                                                                    \
  X(contextSet, "cuCtxSetCurrent", void*)                                                                                      \
  X(contextSynchronize, "cuCtxSynchronize")                                                                                    \
  X(profilerStart, "cuProfilerStart")                                                                                          \
  X(profilerStop, "cuProfilerStop")                                                                                            \
  X(memoryInfo, "cuMemGetInfo_v2", std::size_t*, std::size_t*)                                                                 \
  X(memoryAllocate, "cuMemAlloc_v2", void**, std::size_t)                                                                      \
  X(memoryFree, "cuMemFree_v2", void*)                                                                                         \
  X(pinnedAllocate, "cuMemAllocHost_v2", void**, std::size_t)                                                                  \
  X(pinnedFree, "cuMemFreeHost", void*)                                                                                        \
  X(memorySet, "cuMemsetD8Async", void*, unsigned char, std::size_t, void*)                                                    \
  X(memoryCopy, "cuMemcpyDtoDAsync_v2", void*, void const*, std::size_t, void*)                                                \
  X(memoryRead, "cuMemcpyDtoHAsync_v2", void*, void const*, std::size_t, void*)                                                \
  X(streamCreate, "cuStreamCreate", void**, unsigned int)                                                                      \
  X(streamDestroy, "cuStreamDestroy_v2", void*)                                                                                \
  X(streamSynchronize, "cuStreamSynchronize", void*)                                                                           \
  X(streamQuery, "cuStreamQuery", void*)                                                                                       \
  X(captureBegin, "cuStreamBeginCapture_v2", void*, int)                                                                       \
  X(captureEnd, "cuStreamEndCapture", void*, void**)                                                                           \
  X(graphInstantiate, "cuGraphInstantiateWithFlags", void**, void*, unsigned long long)                                        \
  X(graphUpload, "cuGraphUpload", void*, void*)                                                                                \
  X(graphLaunch, "cuGraphLaunch", void*, void*)                                                                                \
  X(graphDestroy, "cuGraphDestroy", void*)                                                                                     \
  X(graphExecDestroy, "cuGraphExecDestroy", void*)                                                                             \
  X(eventCreate, "cuEventCreate", void**, unsigned int)                                                                        \
  X(eventDestroy, "cuEventDestroy_v2", void*)                                                                                  \
  X(eventRecord, "cuEventRecord", void*, void*)                                                                                \
  X(eventQuery, "cuEventQuery", void*)                                                                                         \
  X(eventSynchronize, "cuEventSynchronize", void*)                                                                             \
  X(eventElapsed, "cuEventElapsedTime", float*, void*, void*)                                                                  \
  X(moduleLoad, "cuModuleLoadData", void**, void const*)                                                                       \
  X(moduleFunction, "cuModuleGetFunction", void**, void*, char const*)                                                         \
  X(launchKernel, "cuLaunchKernel", void*, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, unsigned int, \
    unsigned int, void*, void**, void**)

struct Driver {
#define PROFILER_CUDA_MEMBER(member, symbol, ...) Status (*member)(__VA_ARGS__) = nullptr;
  PROFILER_CUDA_ENTRIES(PROFILER_CUDA_MEMBER)
#undef PROFILER_CUDA_MEMBER
  std::string failure;  ///< Why there is no driver; empty where there is one.

  /// The driver of this process, opened once. $PROFILER_CUDA_LIBRARY names another library of the same interface.
  static Driver const& instance() {
    static Driver const driver;
    return driver;
  }
  void check(Status status, char const* call) const {
    if (status != kSuccess) throw CudaError(std::string(call) + ": " + textOf(status));
  }
  void release(Status status, char const* call) const noexcept {
    bool const lost = std::find(kContextLost.begin(), kContextLost.end(), status) != kContextLost.end();
    if (status == kSuccess || status == kDeinitialized || lost) return;  // a lost context was reported where it was lost
    std::fprintf(stderr, "warning: %s: error %d\n", call, status);
  }

 private:
  Driver() {
    char const* other = std::getenv("PROFILER_CUDA_LIBRARY");
    void* library = dlopen(other && *other ? other : "libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      failure = dlerror();
      return;
    }
#define PROFILER_CUDA_FIND(member, symbol, ...)                               \
  member = reinterpret_cast<Status (*)(__VA_ARGS__)>(dlsym(library, symbol)); \
  if (!member && failure.empty()) failure = std::string("the driver is too old: it lacks ") + (symbol);
    PROFILER_CUDA_ENTRIES(PROFILER_CUDA_FIND)
#undef PROFILER_CUDA_FIND
    if (!failure.empty()) return;
    Status const status = init(0);
    if (status != kSuccess) failure = textOf(status);
  }
  std::string textOf(Status status) const {
    char const *name = nullptr, *text = nullptr;
    errorName(status, &name);
    errorString(status, &text);
    return std::string(name ? name : "error " + std::to_string(status)) + (text ? std::string(", ") + text : "");
  }
};

std::string versionText(int version) { return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10); }

std::string uuidText(std::array<unsigned char, 16> const& bytes) {
  std::string text = "GPU-";
  std::array<char, 3> pair{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    std::snprintf(pair.data(), pair.size(), "%02x", bytes[i]);
    text += pair.data();
  }
  return text;
}

class CudaDevice : public Device {
 public:
  explicit CudaDevice(int ordinal) : mDriver(Driver::instance()) {
    mDriver.check(mDriver.deviceGet(&mDevice, ordinal), "cuDeviceGet");
    mDriver.check(mDriver.contextRetain(&mContext, mDevice), "cuDevicePrimaryCtxRetain");
    makeCurrent();
    describe(ordinal);
    void* module = nullptr;
    mDriver.check(mDriver.moduleLoad(&module, profilerCoreKernels), "cuModuleLoadData");
    mFill = find(module, "profiler_fill_kernel");
    mFlush = find(module, "profiler_flush_kernel");
    mCompare = find(module, "profiler_compare_kernel");
    mDelay = find(module, "profiler_delay_kernel");
  }
  DeviceFacts const& facts() const override { return mFacts; }

  void makeCurrent() override { mDriver.check(mDriver.contextSet(mContext), "cuCtxSetCurrent"); }
  void synchronize() override { mDriver.check(mDriver.contextSynchronize(), "cuCtxSynchronize"); }
  bool isLost() noexcept override { return mDriver.contextSynchronize() != kSuccess; }
  void startProfiler() override { mDriver.check(mDriver.profilerStart(), "cuProfilerStart"); }
  void stopProfiler() noexcept override { mDriver.release(mDriver.profilerStop(), "cuProfilerStop"); }

  std::size_t freeBytes() override {
    constexpr std::size_t kReserveBytes = std::size_t{256} << 20;  // left for contexts, events and workspaces
    std::size_t free = 0, all = 0;
    mDriver.check(mDriver.memoryInfo(&free, &all), "cuMemGetInfo");
    return free > kReserveBytes ? free - kReserveBytes : 0;
  }
  Handle allocate(std::size_t byteCount) override {
    void* address = nullptr;
    if (byteCount > 0) mDriver.check(mDriver.memoryAllocate(&address, byteCount), "cuMemAlloc");
    return own(address, mDriver.memoryFree, "cuMemFree");
  }
  Handle allocatePinned(std::size_t byteCount) override {
    void* data = nullptr;
    if (byteCount > 0) mDriver.check(mDriver.pinnedAllocate(&data, byteCount), "cuMemAllocHost");
    return own(data, mDriver.pinnedFree, "cuMemFreeHost");
  }
  void set(void* at, unsigned char value, std::size_t byteCount, void* stream) override {
    mDriver.check(mDriver.memorySet(at, value, byteCount, stream), "cuMemsetD8Async");
  }
  void copy(void* to, void const* from, std::size_t byteCount, void* stream) override {
    mDriver.check(mDriver.memoryCopy(to, from, byteCount, stream), "cuMemcpyDtoDAsync");
  }
  void readBack(void* host, void const* from, std::size_t byteCount, void* stream) override {
    mDriver.check(mDriver.memoryRead(host, from, byteCount, stream), "cuMemcpyDtoHAsync");
  }

  Handle makeStream(bool blocking) override {
    void* stream = nullptr;
    mDriver.check(mDriver.streamCreate(&stream, blocking ? 0 : kNonBlocking), "cuStreamCreate");
    return own(stream, mDriver.streamDestroy, "cuStreamDestroy");
  }
  void synchronize(void* stream) override { mDriver.check(mDriver.streamSynchronize(stream), "cuStreamSynchronize"); }
  bool isIdle(void* stream) override { return isDone(mDriver.streamQuery(stream), "cuStreamQuery"); }

  /// A capture ends on every path: a stream that stays in capture mode poisons all later calls.
  Handle capture(void* stream, std::function<void()> const& work) override {
    mDriver.check(mDriver.captureBegin(stream, kCaptureThreadLocal), "cuStreamBeginCapture");
    void* graph = nullptr;
    try {
      work();
    } catch (...) {
      mDriver.captureEnd(stream, &graph);
      if (graph) mDriver.graphDestroy(graph);
      throw;
    }
    mDriver.check(mDriver.captureEnd(stream, &graph), "cuStreamEndCapture");
    void* executable = nullptr;
    Status const status = mDriver.graphInstantiate(&executable, graph, 0);
    mDriver.release(mDriver.graphDestroy(graph), "cuGraphDestroy");
    mDriver.check(status, "cuGraphInstantiateWithFlags");
    Handle owned = own(executable, mDriver.graphExecDestroy, "cuGraphExecDestroy");
    mDriver.check(mDriver.graphUpload(executable, stream), "cuGraphUpload");
    return owned;
  }
  void launch(void* graph, void* stream) override { mDriver.check(mDriver.graphLaunch(graph, stream), "cuGraphLaunch"); }

  Handle makeEvent() override {
    void* event = nullptr;
    mDriver.check(mDriver.eventCreate(&event, 0), "cuEventCreate");
    return own(event, mDriver.eventDestroy, "cuEventDestroy");
  }
  void record(void* event, void* stream) override { mDriver.check(mDriver.eventRecord(event, stream), "cuEventRecord"); }
  void wait(void* event) override { mDriver.check(mDriver.eventSynchronize(event), "cuEventSynchronize"); }
  bool hasPassed(void* event) override { return isDone(mDriver.eventQuery(event), "cuEventQuery"); }
  /// The driver answers in ms with a resolution of well below 1 us.
  std::int64_t elapsedNs(void* start, void* end) override {
    float milliseconds = 0.0F;
    mDriver.check(mDriver.eventElapsed(&milliseconds, start, end), "cuEventElapsedTime");
    return std::llround(static_cast<double>(milliseconds) * 1e6);
  }

  void fill(void* data, TensorSpec const& spec, std::uint64_t sequence, void* stream) override {
    std::int64_t count = spec.elementCount();
    constexpr std::array<std::int32_t, plugins::kElementTypeCount> kCodes = {0, 1, 2, 4, 3, 5, 5, 5};  // see device_kernels.cu
    std::int32_t type = kCodes[static_cast<std::size_t>(spec.type)];
    if (count > 0) launchKernel(mFill, count, stream, data, count, sequence, type);
  }
  void readThrough(void const* data, std::size_t byteCount, void* stream) override {
    constexpr std::size_t kAccessBytes = 16;
    auto count = static_cast<std::int64_t>(byteCount / kAccessBytes);
    std::int32_t never = 0;
    launchKernel(mFlush, count, stream, data, count, never);
  }
  void compareSets(void const* first, void const* like, std::size_t byteCount, std::size_t stride, std::size_t count, std::uint32_t* flags,
                   void* stream) override {
    auto words = static_cast<std::int64_t>((byteCount + 3) / 4);
    std::uint32_t lastMask = byteCount % 4 == 0 ? ~0U : (1U << (8 * (byteCount % 4))) - 1;
    auto step = static_cast<std::int64_t>(stride);
    std::int64_t total = words * static_cast<std::int64_t>(count);
    launchKernel(mCompare, total, stream, first, like, words, lastMask, step, total, flags);
  }
  void delay(std::int64_t nanoseconds, void* stream) override {
    auto duration = static_cast<std::uint64_t>(std::max<std::int64_t>(0, nanoseconds));
    launchKernel(mDelay, 1, stream, duration);
  }

 private:
  /// What the driver made, until `give` takes it back.
  Handle own(void* made, Status (*give)(void*), char const* call) const {
    return made ? Handle(made, [this, give, call](void* owned) { mDriver.release(give(owned), call); }) : nullptr;
  }
  bool isDone(Status status, char const* call) const {
    if (status != kNotReady) mDriver.check(status, call);
    return status == kSuccess;
  }
  void* find(void* module, char const* name) const {
    void* function = nullptr;
    mDriver.check(mDriver.moduleFunction(&function, module, name), "cuModuleGetFunction");
    return function;
  }
  template <typename... Arguments>
  void launchKernel(void* function, std::int64_t items, void* stream, Arguments... arguments) const {
    constexpr std::int64_t kBlock = 256, kMaxBlocks = 4096;
    std::array<void*, sizeof...(arguments)> pointers = {const_cast<void*>(static_cast<void const*>(&arguments))...};
    auto const blocks = static_cast<unsigned int>(std::clamp<std::int64_t>((items + kBlock - 1) / kBlock, 1, kMaxBlocks));
    unsigned int const threads = items == 1 ? 1 : static_cast<unsigned int>(kBlock);
    mDriver.check(mDriver.launchKernel(function, blocks, 1, 1, threads, 1, 1, 0, stream, pointers.data(), nullptr), "cuLaunchKernel");
  }
  /// Absent where the driver does not tell or tells 0.
  std::optional<std::int64_t> attribute(Attribute which) const {
    int value = 0;
    if (mDriver.deviceAttribute(&value, which, mDevice) != kSuccess || value <= 0) return std::nullopt;
    return value;
  }
  int number(Attribute which) const { return static_cast<int>(attribute(which).value_or(0)); }

  void describe(int ordinal) {
    std::array<char, 256> name{};
    std::array<unsigned char, 16> uuid{};
    std::size_t bytes = 0;
    int version = 0;
    mDriver.check(mDriver.deviceName(name.data(), static_cast<int>(name.size()), mDevice), "cuDeviceGetName");
    mDriver.check(mDriver.deviceUuid(uuid.data(), mDevice), "cuDeviceGetUuid");
    mDriver.check(mDriver.deviceMemory(&bytes, mDevice), "cuDeviceTotalMem");
    mDriver.check(mDriver.driverVersion(&version), "cuDriverGetVersion");
    mFacts.ordinal = ordinal;
    mFacts.name = name.data();
    mFacts.uuid = uuidText(uuid);
    mFacts.computeCapability = std::to_string(number(kMajor)) + "." + std::to_string(number(kMinor));
    mFacts.smCount = number(kMultiprocessors);
    mFacts.maxThreadsPerSm = number(kThreadsPerMultiprocessor);
    mFacts.maxBlocksPerSm = number(kBlocksPerMultiprocessor);
    mFacts.registersPerSm = number(kRegistersPerMultiprocessor);
    mFacts.sharedMemoryPerSmBytes = number(kSharedMemoryPerMultiprocessor);
    mFacts.l2CacheBytes = number(kL2CacheBytes);
    mFacts.totalMemoryBytes = static_cast<std::int64_t>(bytes);
    mFacts.driverVersion = versionText(version);
    constexpr std::int64_t kHzPerKhz = 1000;
    if (auto const clock = attribute(kClockRateKhz)) mFacts.smClockHz = *clock * kHzPerKhz;
    if (auto const clock = attribute(kMemoryClockRateKhz)) mFacts.memoryClockHz = *clock * kHzPerKhz;
    auto const busBits = attribute(kMemoryBusBits);
    // Two transfers a clock and eight bits a byte. Source: CUDA C++ Best Practices Guide, Theoretical Bandwidth Calculation.
    if (busBits && mFacts.memoryClockHz) mFacts.memoryBandwidthBytesPerS = *busBits / 8 * 2 * *mFacts.memoryClockHz;
  }

  Driver const& mDriver;
  DeviceFacts mFacts;
  int mDevice = 0;
  void* mContext = nullptr;
  void *mFill = nullptr, *mFlush = nullptr, *mCompare = nullptr, *mDelay = nullptr;
};

}  // namespace

int cudaDeviceCount() noexcept {
  int count = 0;
  auto const& driver = Driver::instance();
  return driver.failure.empty() && driver.deviceCount(&count) == kSuccess ? count : 0;
}

Device& cudaDevice(int ordinal) {
  static std::mutex mutex;
  static std::map<int, std::unique_ptr<CudaDevice>> devices;
  std::lock_guard const lock(mutex);
  int const count = cudaDeviceCount();
  if (count == 0) {
    std::string const& failure = Driver::instance().failure;
    throw Error(ExitCode::kLibraryMissing, "no CUDA device" + (failure.empty() ? std::string() : ": " + failure),
                "run on a machine with an NVIDIA GPU and driver; --dry-run and --list need none");
  }
  if (ordinal < 0 || ordinal >= count) {
    throw usageError("there is no device " + std::to_string(ordinal), "devices 0 to " + std::to_string(count - 1) + " are there");
  }
  auto& device = devices[ordinal];
  if (!device) device = std::make_unique<CudaDevice>(ordinal);
  device->makeCurrent();
  return *device;
}

}  // namespace profiler::core
