/// Workloads that need no TensorRT: an op's kernels launched as they are, and the device-to-device copy.
#pragma once

#include <memory>

#include "engine_facts.hpp"
#include "point.hpp"
#include "workload.hpp"

namespace profiler::driver {

/// The op of the point, which states shape and type, launched through its own `launch`. Throws Unsupported where the op refuses shape, type
/// or attributes.
std::unique_ptr<Workload> makeDirectWorkload(PointRequest const& point);

/// cudaMemcpyAsync from input to output, the bandwidth that an elementwise op can reach.
std::unique_ptr<Workload> makeCopyWorkload(PointRequest const& point);

/// What the op would launch on these tensors, for the result.
std::optional<LaunchDescription> describeOpLaunch(plugins::Op const& op, plugins::Attributes const& attributes,
                                                  plugins::TensorView const* inputs, plugins::TensorView const* outputs);

/// Input and output views of an op on one shape and type, without data.
struct OpViews {
  std::vector<plugins::TensorView> inputs, outputs;
};
OpViews makeOpViews(plugins::Op const& op, plugins::Attributes const& attributes, Extents const& shape, plugins::ElementType type);

}  // namespace profiler::driver
