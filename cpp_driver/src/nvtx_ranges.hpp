/// Annotates a measurement with NVTX, by the convention of docs/formats.md.
#pragma once

#include <string>

#include "profiler/nvtx.hpp"
#include "ranges.hpp"

namespace profiler::driver {

class NvtxRanges : public core::Annotator {
 public:
  void push(core::RangeKind kind, char const* text, std::int64_t payload) override {
    nvtxEventAttributes_t attributes = profiler::detail::registeredMessage(message(kind, text));
    if (kind == core::RangeKind::kIteration) {
      attributes.payloadType = NVTX_PAYLOAD_TYPE_UNSIGNED_INT64;
      attributes.payload.ullValue = static_cast<std::uint64_t>(payload);
    }
    nvtxDomainRangePushEx(mRegistry.domain, &attributes);
  }
  void pop() override { nvtxDomainRangePop(mRegistry.domain); }

 private:
  nvtxStringHandle_t message(core::RangeKind kind, char const* text) const {
    switch (kind) {
      case core::RangeKind::kIteration: return mRegistry.iteration;
      case core::RangeKind::kWarmup: return mRegistry.warmup;
      case core::RangeKind::kVerify: return mRegistry.verify;
      case core::RangeKind::kSetup: return mRegistry.setup;
      default: return nvtxDomainRegisterStringA(mRegistry.domain, (std::string(profiler::nvtx_names::kPointPrefix) + text).c_str());
    }
  }
  profiler::detail::NvtxRegistry const& mRegistry = profiler::detail::NvtxRegistry::instance();
};

}  // namespace profiler::driver
