/// @file
/// Swish with one deliberate defect, for experiments only: its kernel runs on the default stream whatever stream it is given. It has
/// swish's name, version and attributes, so that its library takes the place of the right one.
#include "contract/registry.hpp"
#include "swish/swish.hpp"

namespace profiler::plugins {
namespace swish {
Op const& op() noexcept;
}
namespace swish_null_stream {
namespace {

class NullStreamSwish final : public swish::Facts {
 public:
  LaunchConfig describeLaunch(Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                              TensorView const* outputs) const noexcept override {
    return swish::op().describeLaunch(attributes, device, inputs, outputs);
  }

  cudaError_t launch(Attributes const& attributes, LaunchContext const& context, TensorView const* inputs,
                     TensorView const* outputs) const noexcept override {
    LaunchContext wrong = context;
    wrong.stream = cudaStreamLegacy;
    return swish::op().launch(attributes, wrong, inputs, outputs);
  }
};

}  // namespace

Op const& op() noexcept {
  static NullStreamSwish const instance{};
  return instance;
}

}  // namespace swish_null_stream
}  // namespace profiler::plugins
