/// Workloads that need no TensorRT: an op's kernels launched as they are, and the device-to-device copy.
#pragma once

#include <memory>

#include "point.hpp"
#include "workload.hpp"

namespace profiler::driver {

/// The op of the point, launched through its own `launch`. Throws Unsupported where the op refuses shape, type or attributes.
std::unique_ptr<Workload> makeDirectWorkload(const PointRequest& point);

/// cudaMemcpyAsync from input to output, the bandwidth that an elementwise op can reach.
std::unique_ptr<Workload> makeCopyWorkload(const PointRequest& point);

/// What the op would launch on these tensors, for the result.
std::optional<LaunchDescription> describeOpLaunch(const plugins::Op& op, const plugins::Attributes& attributes, const plugins::TensorView* inputs,
                                                  const plugins::TensorView* outputs);

/// Input and output views of an op on one shape and type, without data.
struct OpViews {
  std::vector<plugins::TensorView> inputs, outputs;
};
OpViews makeOpViews(const plugins::Op& op, const Extents& shape, plugins::ElementType type);

}  // namespace profiler::driver
