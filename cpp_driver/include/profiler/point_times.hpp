/// What `profiler run --tool builtin` asks of a marked program: the times of its iterations, written to disk when a point
/// closes (docs/formats.md, "Journal of a marked program"). Included by `nvtx.hpp`; needs the C++ standard library and
/// POSIX. CUDA events are taken through the driver that the program has loaded; nothing is loaded or linked here.
#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace profiler::detail {

using CudaHandle = void*;

/// The functions of the CUDA driver that are used here.
/// Source: CUDA Driver API; cuEventElapsedTime gives milliseconds with a resolution of about 0.5 µs.
struct CudaDriver {
  int (*getContext)(CudaHandle*) = nullptr;
  int (*synchronize)() = nullptr;
  int (*createEvent)(CudaHandle*, unsigned) = nullptr;
  int (*destroyEvent)(CudaHandle) = nullptr;
  int (*recordEvent)(CudaHandle, CudaHandle) = nullptr;
  int (*waitEvent)(CudaHandle) = nullptr;
  int (*elapsed)(float*, CudaHandle, CudaHandle) = nullptr;
  int (*isCapturing)(CudaHandle, int*) = nullptr;
  int (*getDevice)(int*) = nullptr;
  int (*deviceName)(char*, int, int) = nullptr;
  int (*deviceUuid)(unsigned char*, int) = nullptr;
  int (*deviceMemory)(std::size_t*, int) = nullptr;
  int (*deviceAttribute)(int*, int, int) = nullptr;

  /// The driver when this process has loaded it and the calling thread has a current context; else null.
  static CudaDriver const* current() {
    static thread_local CudaDriver driver;
    if (!driver.getContext && !driver.load()) return nullptr;
    CudaHandle context = nullptr;
    return driver.getContext(&context) == 0 && context ? &driver : nullptr;
  }

 private:
  bool load() {
    char const* const named = std::getenv("PROFILER_CUDA_LIBRARY");
    void* const library = dlopen(named && *named ? named : "libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    if (!library) return false;
    auto const find = [library](auto& function, char const* name) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
      return function != nullptr;
    };
    bool const whole =
        find(synchronize, "cuCtxSynchronize") && find(createEvent, "cuEventCreate") && find(destroyEvent, "cuEventDestroy_v2") &&
        find(recordEvent, "cuEventRecord") && find(waitEvent, "cuEventSynchronize") &&
        (find(elapsed, "cuEventElapsedTime_v2") || find(elapsed, "cuEventElapsedTime")) && find(isCapturing, "cuStreamIsCapturing") &&
        find(getDevice, "cuCtxGetDevice") && find(deviceName, "cuDeviceGetName") && find(deviceUuid, "cuDeviceGetUuid") &&
        find(deviceMemory, "cuDeviceTotalMem_v2") && find(deviceAttribute, "cuDeviceGetAttribute");
    return whole && find(getContext, "cuCtxGetCurrent");
  }
};

/// The text as a JSON string.
inline std::string jsonText(std::string_view text) {
  std::string json = "\"";
  for (char const character : text) {
    auto const byte = static_cast<unsigned char>(character);
    if (byte == '"' || byte == '\\') {
      json += '\\';
      json += character;
    } else if (byte < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof(buffer), "\\u%04x", byte);
      json += buffer;
    } else {
      json += character;
    }
  }
  return json + '"';
}

inline std::string joined(std::vector<std::int64_t> const& values) {
  std::string json = "[";
  for (auto const value : values) json += (json.size() > 1 ? ", " : "") + std::to_string(value);
  return json + "]";
}

/// The `device` object of docs/formats.md for the device of the current context.
inline std::string deviceJson(CudaDriver const& cuda) {
  int device = 0;
  char name[256] = "";
  unsigned char uuid[16] = {};
  std::size_t memory = 0;
  cuda.getDevice(&device);
  cuda.deviceName(name, sizeof(name), device);
  cuda.deviceUuid(uuid, device);
  cuda.deviceMemory(&memory, device);
  auto const attribute = [&](int number) -> std::int64_t {
    int value = 0;
    return cuda.deviceAttribute(&value, number, device) == 0 ? value : 0;
  };
  auto const known = [](std::int64_t value) { return value > 0 ? std::to_string(value) : std::string("null"); };
  std::string digits = "GPU";
  for (int index = 0; index < 16; ++index) {
    char buffer[4];
    bool const dash = index == 0 || index == 4 || index == 6 || index == 8 || index == 10;
    std::snprintf(buffer, sizeof(buffer), dash ? "-%02x" : "%02x", uuid[index]);
    digits += buffer;
  }
  std::string json = "{\"name\": " + jsonText(name) + ", \"uuid\": " + jsonText(digits) + ", \"compute_capability\": \"" +
                     std::to_string(attribute(75)) + "." + std::to_string(attribute(76)) + "\"";
  json += ", \"sm_clock_hz\": " + known(attribute(13) * 1000);
  json += ", \"memory_bandwidth_bytes_per_s\": " + known(2 * attribute(36) * 1000 * attribute(37) / 8);
  json += ", \"total_memory_bytes\": " + known(static_cast<std::int64_t>(memory));
  constexpr std::pair<char const*, int> kAttributes[] = {{"sm_count", 16},           {"l2_cache_bytes", 38},
                                                         {"max_threads_per_sm", 39}, {"max_blocks_per_sm", 106},
                                                         {"registers_per_sm", 82},   {"shared_memory_per_sm_bytes", 81}};
  for (auto const& [key, number] : kAttributes) json += std::string(", \"") + key + "\": " + known(attribute(number));
  return json + "}";
}

/// Appends whole lines to the journal of this process.
inline void appendToJournal(std::string const& folder, std::string const& content) {
  std::string const path = folder + "/points-" + std::to_string(getpid()) + ".jsonl";
  std::string program;
  std::getline(std::ifstream("/proc/self/comm"), program);
  std::string const process = ", \"process_id\": " + std::to_string(getpid());
  bool const isNew = access(path.c_str(), F_OK) != 0;
  std::string text = isNew ? "{\"event\": \"process\"" + process + ", \"program\": " + jsonText(program) +
                                 ", \"parent_id\": " + std::to_string(getppid()) + "}\n"
                           : "";
  text += "{" + content + process + "}\n";
  int const file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  std::size_t written = 0;
  while (file >= 0 && written < text.size()) {
    auto const count = write(file, text.data() + written, text.size() - written);
    if (count <= 0) break;
    written += static_cast<std::size_t>(count);
  }
  if (file < 0 || written < text.size())
    std::fprintf(stderr, "profiler: %s: cannot be written; its points are not recorded\n", path.c_str());
  if (file >= 0) close(file);
}

/// The times of one point while it is open; does nothing unless the built-in recorder asks for times.
class PointTimes {
 public:
  explicit PointTimes(std::string label, std::uint64_t bytes) : mLabel(std::move(label)), mBytes(bytes) {
    char const* const folder = std::getenv("PROFILER_BUILTIN_DIR");
    char const* const names = std::getenv("PROFILER_MARKED_DIR");
    mTimed = folder && *folder;
    mFolder = mTimed ? folder : names ? names : "";
    mStart = now();
  }
  PointTimes(PointTimes const&) = delete;
  PointTimes& operator=(PointTimes const&) = delete;

  /// Writes the finished point down.
  ~PointTimes() {
    if (mFolder.empty() || getpid() != mProcess) return;
    std::string content = "\"event\": \"point\", \"label\": " + jsonText(mLabel);
    if (mTimed) {
      keepRange("point " + mLabel, mStart, false);
      content += ", \"ranges\": [" + mRanges + "], \"record\": " + record();
    }
    appendToJournal(mFolder, content);
  }

  bool timed() const { return mTimed; }

  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  /// Keeps a range of this thread that ends now.
  void keepRange(std::string_view name, std::int64_t start, bool hasPayload) {
    if (!mRanges.empty()) mRanges += ", ";
    mRanges += "[" + jsonText(name) + ", " + std::to_string(start) + ", " + std::to_string(now() - start) + ", " +
               std::to_string(syscall(SYS_gettid)) + ", " + (hasPayload ? std::to_string(mBytes) : "null") + "]";
  }

  void startIteration(CudaHandle stream) {
    if (getpid() != mProcess) {  // a forked child: the earlier iterations are the parent's
      mProcess = getpid();
      mHost.clear();
      mPairs.clear();
      mRanges.clear();
    }
    auto const* const cuda = CudaDriver::current();
    mStream = stream;
    mBegin = nullptr;
    int capturing = 0;
    if (!cuda || cuda->isCapturing(stream, &capturing) != 0 || capturing != 0) return;
    if (cuda->createEvent(&mBegin, 0) != 0 || cuda->recordEvent(mBegin, stream) != 0) mBegin = nullptr;
  }

  void stopIteration(std::int64_t start) {
    mHost.push_back(now() - start);
    auto const* const cuda = CudaDriver::current();
    CudaHandle end = nullptr;
    if (!cuda || !mBegin || cuda->createEvent(&end, 0) != 0 || cuda->recordEvent(end, mStream) != 0) return;
    mPairs.push_back({mBegin, end, mHost.back()});
    if (mChecked < 3) {  // one look may be disturbed by other programs on the host
      cuda->waitEvent(end);
      auto const idle = now();
      cuda->synchronize();
      mOutside += now() - idle > kOutsideNs ? 1 : 0;
      ++mChecked;
    }
  }

 private:
  static constexpr std::int64_t kEnqueueNs = 10000, kOutsideNs = 30000;
  /// Shorter iterations that take no longer than their enqueuing are mostly or wholly launch latency, which is no time of the device.
  static constexpr std::int64_t kShortNs = 200000;

  struct Pair {
    CudaHandle start, end;
    std::int64_t host;
  };

  static std::int64_t elapsedNs(CudaDriver const& cuda, CudaHandle start, CudaHandle end) {
    float milliseconds = 0;
    cuda.elapsed(&milliseconds, start, end);
    return std::llround(static_cast<double>(milliseconds) * 1e6);
  }

  static std::int64_t median(std::vector<std::int64_t> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  }

  /// What two events cost when nothing lies between them.
  std::int64_t emptyPairNs(CudaDriver const& cuda) const {
    std::vector<CudaHandle> events(64, nullptr);
    for (auto& event : events)
      if (cuda.createEvent(&event, 0) != 0 || cuda.recordEvent(event, mStream) != 0) return 0;
    cuda.waitEvent(events.back());
    std::vector<std::int64_t> costs;
    for (std::size_t index = 0; index < events.size(); index += 2) costs.push_back(elapsedNs(cuda, events[index], events[index + 1]));
    for (auto const event : events) cuda.destroyEvent(event);
    return median(costs);
  }

  std::string record() {
    auto const* const cuda = mHost.empty() ? nullptr : CudaDriver::current();
    std::string const bytes = mBytes ? std::to_string(mBytes) : "null";
    auto const head = [&](char const* status, std::string const& reason, char const* clock) {
      return std::string("{\"status\": \"") + status + "\", \"reason\": " + reason + ", \"bytes_per_iteration\": " + bytes +
             ", \"clock\": \"" + clock + "\"";
    };
    if (!cuda) {
      bool const empty = mHost.empty();
      return head(empty ? "failed" : "ok", empty ? jsonText("the point has no iteration") : "null", "monotonic") +
             ", \"samples_ns\": " + joined(mHost) + "}";
    }
    static bool const told = [&] {
      appendToJournal(mFolder, "\"event\": \"device\", \"device\": " + deviceJson(*cuda));
      return true;
    }();
    static_cast<void>(told);
    std::vector<std::int64_t> samples, host;
    if (!mPairs.empty()) cuda->waitEvent(mPairs.back().end);
    for (auto const& pair : mPairs) {
      samples.push_back(elapsedNs(*cuda, pair.start, pair.end));
      host.push_back(pair.host);
      cuda->destroyEvent(pair.start);
      cuda->destroyEvent(pair.end);
    }
    std::int64_t const empty = samples.empty() ? 0 : emptyPairNs(*cuda);
    char const* reason = nullptr;
    std::int64_t const middle = median(samples);
    bool const waited = 5 * (middle - kEnqueueNs) <= 6 * median(host);
    bool covers = !samples.empty();
    if (samples.empty()) {
      reason = "the program uses CUDA but no event could be taken around its iterations, so only the time to enqueue them is known";
    } else if (2 * mOutside > mChecked) {
      covers = false;
      reason = "GPU work ran on after the end event, on other streams: join them before the iteration ends";
    } else if (middle <= 2 * empty) {
      covers = false;
      reason = "no GPU work ran between the events: give the stream of the launches, point.iteration(stream)";
    } else if (waited) {
      covers = middle >= kShortNs;
      reason = "the GPU waited for the host in these iterations, so the time to enqueue them is part of their time";
    }
    return head(covers ? "ok" : "partial", reason ? jsonText(reason) : "null", "cuda_event") +
           ", \"measure\": \"launched\", \"samples_ns\": " + joined(samples) +
           ", \"host_samples_ns\": " + joined(samples.empty() ? mHost : host) +
           ", \"event_pair_ns\": " + (empty ? std::to_string(empty) : "null") + "}";
  }

  std::string mLabel;
  std::uint64_t mBytes;
  std::string mFolder;
  bool mTimed = false;
  pid_t mProcess = getpid();
  std::int64_t mStart = 0;
  std::string mRanges;
  std::vector<std::int64_t> mHost;
  std::vector<Pair> mPairs;
  CudaHandle mStream = nullptr, mBegin = nullptr;
  int mChecked = 0, mOutside = 0;
};

}  // namespace profiler::detail
