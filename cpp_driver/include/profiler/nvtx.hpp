/// Marks sweep points and iterations of a CUDA program with NVTX, so that `profiler run -- ./app` reads the launch
/// configurations back from the recording. Header only; needs the NVTX headers of the CUDA toolkit and nothing else.
///
///     profiler::Point point({{"op", "saxpy"}, {"shape", "65536x1024"}, {"dtype", "fp32"}, {"block", 256}}, bytes);
///     { auto warmup = point.warmup(); launch(); }
///     for (int i = 0; i < 100; ++i) { auto iteration = point.iteration(); launch(); }
///
/// `bytes` is the traffic that one iteration cannot avoid (0: unknown); effective bandwidth is computed from it.
/// Ranges are of the calling thread: a thread that launches work opens its own Point. With no tool attached a range is
/// a few tests of a null pointer. Under `profiler run --tool builtin` each iteration is timed with CUDA events on its
/// stream (the default stream unless `point.iteration(stream)` names one) and the point is written down when it closes.
#pragma once

#include <nvtx3/nvToolsExt.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "profiler/point_label.hpp"
#include "profiler/point_times.hpp"

namespace profiler {

namespace nvtx_names {
inline constexpr char kDomain[] = "profiler";
inline constexpr char kPointPrefix[] = "point ";
inline constexpr char kSetup[] = "setup";
inline constexpr char kWarmup[] = "warmup";
inline constexpr char kVerify[] = "verify";
inline constexpr char kIteration[] = "iteration";
}  // namespace nvtx_names

namespace detail {

/// The domain and its registered strings; made once, alive until the process ends.
struct NvtxRegistry {
  nvtxDomainHandle_t domain = nvtxDomainCreateA(nvtx_names::kDomain);
  nvtxStringHandle_t setup = nvtxDomainRegisterStringA(domain, nvtx_names::kSetup);
  nvtxStringHandle_t warmup = nvtxDomainRegisterStringA(domain, nvtx_names::kWarmup);
  nvtxStringHandle_t verify = nvtxDomainRegisterStringA(domain, nvtx_names::kVerify);
  nvtxStringHandle_t iteration = nvtxDomainRegisterStringA(domain, nvtx_names::kIteration);

  static NvtxRegistry const& instance() {
    static NvtxRegistry const registry;
    return registry;
  }
};

inline nvtxEventAttributes_t registeredMessage(nvtxStringHandle_t message) {
  nvtxEventAttributes_t attributes = {};
  attributes.version = NVTX_VERSION;
  attributes.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  attributes.messageType = NVTX_MESSAGE_TYPE_REGISTERED;
  attributes.message.registered = message;
  return attributes;
}

}  // namespace detail

/// The default stream, as this file's compiler options choose it.
#ifdef CUDA_API_PER_THREAD_DEFAULT_STREAM
inline void* defaultStream() { return reinterpret_cast<void*>(0x2); }
#else
inline void* defaultStream() { return nullptr; }
#endif

/// A range of the calling thread from construction to destruction.
class [[nodiscard]] Range {
 public:
  Range(nvtxDomainHandle_t domain, nvtxEventAttributes_t const& attributes) : mDomain(domain) {
    nvtxDomainRangePushEx(mDomain, &attributes);
  }
  /// A range of a point whose times are kept.
  Range(nvtxDomainHandle_t domain, nvtxEventAttributes_t const& attributes, detail::PointTimes& times, char const* name)
      : Range(domain, attributes) {
    if (!times.timed()) return;
    mTimes = &times;
    mName = name;
    mStart = detail::PointTimes::now();
  }
  /// A measured iteration, timed on a stream.
  Range(nvtxDomainHandle_t domain, nvtxEventAttributes_t const& attributes, detail::PointTimes& times, void* stream)
      : Range(domain, attributes, times, nvtx_names::kIteration) {
    if (!mTimes) return;
    mIsIteration = true;
    mTimes->startIteration(stream);
    mStart = detail::PointTimes::now();
  }
  ~Range() {
    if (mTimes) {
      if (mIsIteration) mTimes->stopIteration(mStart);
      mTimes->keepRange(mName, mStart, mIsIteration);
    }
    nvtxDomainRangePop(mDomain);
  }
  Range(Range const&) = delete;
  Range& operator=(Range const&) = delete;

 private:
  nvtxDomainHandle_t mDomain;
  detail::PointTimes* mTimes = nullptr;
  char const* mName = "";
  std::int64_t mStart = 0;
  bool mIsIteration = false;
};

/// Marks set-up work (allocation, engine build); it never enters a statistic.
inline Range setup() {
  auto const& registry = detail::NvtxRegistry::instance();
  return Range(registry.domain, detail::registeredMessage(registry.setup));
}

/// One sweep point, open from construction to destruction.
class Point {
 public:
  /// Opens the range `point <label>` from key and value pairs.
  ///
  /// Args:
  ///     pairs: the launch configuration; reserved keys (op, variant, shape, dtype, block) are moved to the front.
  ///     bytes: minimum traffic of one iteration in bytes, 0 when unknown.
  explicit Point(std::initializer_list<LabelPair> pairs, std::uint64_t bytes = 0) : Point(pointLabel(pairs), bytes) {}
  explicit Point(std::vector<LabelPair> const& pairs, std::uint64_t bytes = 0) : Point(pointLabel(pairs), bytes) {}
  /// Opens the range from a finished label.
  explicit Point(std::string const& label, std::uint64_t bytes = 0)
      : mRegistry(detail::NvtxRegistry::instance()),
        mIteration(detail::registeredMessage(mRegistry.iteration)),
        mTimes(label, bytes),
        mRange(mRegistry.domain,
               detail::registeredMessage(nvtxDomainRegisterStringA(mRegistry.domain, (nvtx_names::kPointPrefix + label).c_str()))) {
    mIteration.payloadType = NVTX_PAYLOAD_TYPE_UNSIGNED_INT64;
    mIteration.payload.ullValue = bytes;
  }

  /// Marks one measured iteration, with the bytes as payload.
  ///
  /// Args:
  ///     stream: the stream that it launches on (a cudaStream_t); work on others must be joined to it before it ends.
  Range iteration(void* stream = defaultStream()) const { return Range(mRegistry.domain, mIteration, mTimes, stream); }
  /// Marks warm-up iterations.
  Range warmup() const { return Range(mRegistry.domain, detail::registeredMessage(mRegistry.warmup), mTimes, nvtx_names::kWarmup); }
  /// Marks the check of the output.
  Range verify() const { return Range(mRegistry.domain, detail::registeredMessage(mRegistry.verify), mTimes, nvtx_names::kVerify); }

 private:
  detail::NvtxRegistry const& mRegistry;
  nvtxEventAttributes_t mIteration;
  mutable detail::PointTimes mTimes;
  Range mRange;
};

}  // namespace profiler
