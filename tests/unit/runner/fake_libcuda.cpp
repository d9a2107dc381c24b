// A CUDA driver in a few lines, for tests of what is measured and checked around a device: memory of the host, streams that queue work
// until somebody waits for them, events on a clock of their own that only work moves, graphs, and the core's kernels by their names.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "random_input.hpp"

namespace {

using Address = unsigned long long;
using Work = std::function<void()>;
constexpr int kNotReady = 600, kLost = 700, kInvalid = 1;

struct Stream {
  std::vector<Work> queue;
  std::vector<Work>* captured = nullptr;
};
struct Event {
  bool passed = false;
  double nanoseconds = 0;
};

std::recursive_mutex gMutex;
double gClock = 1e6;
std::map<Address, std::size_t> gBlocks;
std::set<Stream*> gStreams;
int gObjects = 0, gDelays = 0, gProfiled = 0;
bool gIsLost = false;

Stream* streamOf(void* stream) {
  static Stream legacy;  // the default stream
  return stream ? static_cast<Stream*>(stream) : &legacy;
}
void push(void* stream, Work work) {
  auto* own = streamOf(stream);
  (own->captured ? *own->captured : own->queue).push_back(std::move(work));
}
int drain(Stream* stream) {
  std::lock_guard const lock(gMutex);
  if (gIsLost) return kLost;
  auto work = std::move(stream->queue);
  stream->queue.clear();
  for (auto const& item : work) item();
  return 0;
}
bool isInside(Address at, std::size_t size) {
  for (auto const& [start, length] : gBlocks) {
    if (at >= start && at + size <= start + length) return true;
  }
  return false;
}
template <typename T>
T argument(void** arguments, int index) {
  return *static_cast<T*>(arguments[index]);
}

void fill(void* data, std::int64_t count, std::uint64_t sequence) {
  for (std::int64_t i = 0; i < count; ++i) static_cast<float*>(data)[i] = profiler::core::uniformFrom(profiler::core::mixIndex(sequence, i));
}
void compare(char const* first, char const* like, std::int64_t words, std::uint32_t mask, std::int64_t stride, std::int64_t total, std::uint32_t* flags) {
  for (std::int64_t i = 0; i < total; ++i) {
    std::uint32_t a = 0, b = 0;
    std::memcpy(&a, first + i / words * stride + i % words * 4, 4);
    std::memcpy(&b, like + i % words * 4, 4);
    if (((a ^ b) & (i % words == words - 1 ? mask : ~0U)) != 0) flags[i / words] = 1;
  }
}

}  // namespace

extern "C" {

// What tests use.
int fakeAdd(void* stream, Address from, Address to, std::int64_t count, float scalar, double cost, int escapes) {
  std::lock_guard const lock(gMutex);
  if (!isInside(from, count * 4) || !isInside(to, count * 4)) return kInvalid;
  auto const work = [=] {
    for (std::int64_t i = 0; i < count; ++i) reinterpret_cast<float*>(to)[i] = reinterpret_cast<float*>(from)[i] + scalar;
    gClock += cost;
  };
  escapes ? work() : push(stream, work);
  return 0;
}
int fakeIsCapturing(void* stream) { return static_cast<Stream*>(stream)->captured != nullptr; }
int fakeLive() { return static_cast<int>(gBlocks.size() + gStreams.size()) + gObjects; }
int fakeDelays() { return gDelays; }
int fakeProfiled() { return gProfiled; }
void fakeLose(int lost) { gIsLost = lost != 0; }

int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int* version) { return *version = 13000, 0; }
int cuGetErrorName(int, char const** name) { return *name = "CUDA_ERROR_FAKE", 0; }
int cuGetErrorString(int, char const** text) { return *text = "in words", 0; }
int cuDeviceGetCount(int* count) { return *count = 1, 0; }
int cuDeviceGet(int* device, int ordinal) { return *device = ordinal, 0; }
int cuDeviceGetName(char* name, int size, int) { return std::strncpy(name, "Fake GPU", size), 0; }
int cuDeviceGetUuid(unsigned char* uuid, int) {
  for (int i = 0; i < 16; ++i) uuid[i] = static_cast<unsigned char>(i);
  return 0;
}
int cuDeviceGetAttribute(int* value, int which, int) {
  std::map<int, int> const known = {{13, 1980000}, {16, 132}, {36, 3201000}, {37, 6016}, {38, 1 << 20}, {39, 2048}, {75, 9}, {76, 0}, {81, 233472}, {82, 65536}, {106, 32}};
  auto const found = known.find(which);
  return found == known.end() ? kInvalid : (*value = found->second, 0);
}
int cuDeviceTotalMem_v2(std::size_t* size, int) { return *size = std::size_t{8} << 30, 0; }
int cuDevicePrimaryCtxRetain(void** context, int) { return *context = &gClock, 0; }
int cuCtxSetCurrent(void*) { return 0; }
int cuCtxSynchronize() {
  std::lock_guard const lock(gMutex);
  int worst = gIsLost ? kLost : 0;
  for (auto* stream : gStreams) worst = drain(stream) ? kLost : worst;
  return worst;
}
int cuProfilerStart() { return ++gProfiled, 0; }
int cuProfilerStop() { return 0; }
int cuMemGetInfo_v2(std::size_t* free, std::size_t* all) { return *free = std::size_t{2} << 30, *all = std::size_t{8} << 30, 0; }
int cuMemAlloc_v2(Address* address, std::size_t size) {
  std::lock_guard const lock(gMutex);
  *address = reinterpret_cast<Address>(std::aligned_alloc(256, (size + 255) / 256 * 256));
  gBlocks[*address] = size;
  return 0;
}
int cuMemFree_v2(Address address) {
  std::lock_guard const lock(gMutex);
  std::free(reinterpret_cast<void*>(address));
  return gBlocks.erase(address) == 1 ? 0 : kInvalid;
}
int cuMemAllocHost_v2(void** data, std::size_t size) { return *data = std::malloc(size), ++gObjects, 0; }
int cuMemFreeHost(void* data) { return std::free(data), --gObjects, 0; }
int cuMemsetD8Async(Address at, unsigned char value, std::size_t size, void* stream) {
  std::lock_guard const lock(gMutex);
  if (!isInside(at, size)) return kInvalid;
  return push(stream, [=] { std::memset(reinterpret_cast<void*>(at), value, size); }), 0;
}
int cuMemcpyDtoDAsync_v2(Address to, Address from, std::size_t size, void* stream) {
  std::lock_guard const lock(gMutex);
  if (!isInside(to, size) || !isInside(from, size)) return kInvalid;
  return push(stream, [=] { std::memcpy(reinterpret_cast<void*>(to), reinterpret_cast<void*>(from), size); }), 0;
}
int cuMemcpyDtoHAsync_v2(void* to, Address from, std::size_t size, void* stream) {
  std::lock_guard const lock(gMutex);
  if (!isInside(from, size)) return kInvalid;
  return push(stream, [=] { std::memcpy(to, reinterpret_cast<void*>(from), size); }), 0;
}
int cuStreamCreate(void** stream, unsigned) {
  std::lock_guard const lock(gMutex);
  auto* own = new Stream;
  gStreams.insert(own);
  return *stream = own, 0;
}
int cuStreamDestroy_v2(void* stream) {
  std::lock_guard const lock(gMutex);
  auto* own = static_cast<Stream*>(stream);
  gStreams.erase(own);
  return delete own, 0;
}
int cuStreamSynchronize(void* stream) { return drain(streamOf(stream)); }
int cuStreamQuery(void* stream) { return streamOf(stream)->queue.empty() ? 0 : kNotReady; }
int cuStreamBeginCapture_v2(void* stream, int) { return static_cast<Stream*>(stream)->captured = new std::vector<Work>, 0; }
int cuStreamEndCapture(void* stream, void** graph) {
  auto* own = static_cast<Stream*>(stream);
  *graph = own->captured;
  own->captured = nullptr;
  return ++gObjects, 0;
}
int cuGraphInstantiateWithFlags(void** executable, void* graph, unsigned long long) {
  *executable = new std::vector<Work>(*static_cast<std::vector<Work>*>(graph));
  return ++gObjects, 0;
}
int cuGraphUpload(void*, void*) { return 0; }
int cuGraphLaunch(void* graph, void* stream) {
  std::lock_guard const lock(gMutex);
  for (auto const& item : *static_cast<std::vector<Work>*>(graph)) push(stream, item);
  return 0;
}
int cuGraphDestroy(void* graph) { return delete static_cast<std::vector<Work>*>(graph), --gObjects, 0; }
int cuGraphExecDestroy(void* graph) { return delete static_cast<std::vector<Work>*>(graph), --gObjects, 0; }
int cuEventCreate(void** event, unsigned) { return *event = new Event, ++gObjects, 0; }
int cuEventDestroy_v2(void* event) { return delete static_cast<Event*>(event), --gObjects, 0; }
int cuEventRecord(void* event, void* stream) {
  std::lock_guard const lock(gMutex);
  auto* own = static_cast<Event*>(event);
  own->passed = false;
  return push(stream, [own] { own->passed = true, own->nanoseconds = gClock; }), 0;
}
int cuEventQuery(void* event) { return static_cast<Event*>(event)->passed ? 0 : kNotReady; }
int cuEventSynchronize(void* event) {
  std::lock_guard const lock(gMutex);
  for (auto* stream : gStreams) {
    if (!static_cast<Event*>(event)->passed && drain(stream)) return kLost;
  }
  return static_cast<Event*>(event)->passed ? 0 : kInvalid;
}
int cuEventElapsedTime(float* milliseconds, void* start, void* end) {
  return *milliseconds = static_cast<float>((static_cast<Event*>(end)->nanoseconds - static_cast<Event*>(start)->nanoseconds) / 1e6), 0;
}
int cuModuleLoadData(void** module, void const*) { return *module = &gClock, 0; }
int cuModuleGetFunction(void** function, void*, char const* name) { return *function = new std::string(name), 0; }
int cuLaunchKernel(void* function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void* stream, void** a, void**) {
  std::lock_guard const lock(gMutex);
  std::string const name = *static_cast<std::string*>(function);
  if (name == "profiler_fill_kernel") {
    push(stream, [data = argument<void*>(a, 0), count = argument<std::int64_t>(a, 1), sequence = argument<std::uint64_t>(a, 2)] { fill(data, count, sequence); });
  } else if (name == "profiler_compare_kernel") {
    push(stream, [first = argument<char*>(a, 0), like = argument<char*>(a, 1), words = argument<std::int64_t>(a, 2), mask = argument<std::uint32_t>(a, 3),
                  stride = argument<std::int64_t>(a, 4), total = argument<std::int64_t>(a, 5), flags = argument<std::uint32_t*>(a, 6)] {
      compare(first, like, words, mask, stride, total, flags);
    });
  } else if (name == "profiler_delay_kernel") {
    ++gDelays;
    push(stream, [time = argument<std::uint64_t>(a, 0)] { gClock += static_cast<double>(time); });
  }
  return 0;
}

}
