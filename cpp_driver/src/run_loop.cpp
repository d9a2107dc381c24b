#include "run_loop.hpp"

#include <algorithm>

#include "direct_engine.hpp"
#include "profiler/nvtx.hpp"
#include "request_points.hpp"

namespace profiler::driver {
namespace {

/// Annotates with NVTX.
class NvtxRanges : public Annotator {
 public:
  void push(RangeKind kind, char const* text, std::int64_t payload) override {
    nvtxEventAttributes_t attributes = profiler::detail::registeredMessage(message(kind, text));
    if (kind == RangeKind::kIteration) {
      attributes.payloadType = NVTX_PAYLOAD_TYPE_UNSIGNED_INT64;
      attributes.payload.ullValue = static_cast<std::uint64_t>(payload);
    }
    nvtxDomainRangePushEx(mRegistry.domain, &attributes);
  }
  void pop() override { nvtxDomainRangePop(mRegistry.domain); }

 private:
  nvtxStringHandle_t message(RangeKind kind, char const* text) const {
    switch (kind) {
      case RangeKind::kIteration: return mRegistry.iteration;
      case RangeKind::kWarmup: return mRegistry.warmup;
      case RangeKind::kVerify: return mRegistry.verify;
      case RangeKind::kSetup: return mRegistry.setup;
      default: return nvtxDomainRegisterStringA(mRegistry.domain, (std::string(profiler::nvtx_names::kPointPrefix) + text).c_str());
    }
  }
  profiler::detail::NvtxRegistry const& mRegistry = profiler::detail::NvtxRegistry::instance();
};

}  // namespace

void RunLoop::prepare(std::vector<PointRequest> const& points) {
  bool const needed = !mOptions.direct && std::any_of(points.begin(), points.end(), [](auto const& point) { return point.op != kCopyOp; });
  if (!needed) return;
  NvtxRanges ranges;
  core::Range const range(ranges, RangeKind::kSetup);
  mTensorrt = loadTensorrtBackend(mOptions, mDevice.facts());
}

std::unique_ptr<Workload> RunLoop::makeWorkload(PointRequest const& request) {
  if (request.op == kCopyOp) return makeCopyWorkload(request);
  if (mOptions.direct) return makeDirectWorkload(request);
  return mTensorrt->makeWorkload(request);
}

PointResult RunLoop::run(PointRequest const& request, std::size_t number) {
  NvtxRanges ranges;
  OutputRequest const outputs{mOptions.outputDigest, mOptions.saveOutput, mOptions.compareOutput};
  MeasureContext const context{mDevice, mNvml, ranges, mOptions.settings, outputs, {}};
  return measurePoint(context, request, number, [&] { return makeWorkload(request); });
}

}  // namespace profiler::driver
