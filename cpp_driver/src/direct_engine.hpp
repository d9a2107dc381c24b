/// Workloads that need no TensorRT: an op's kernels launched as they are, and the device-to-device copy.
#pragma once

#include "measurement.hpp"

namespace profiler::driver {

using namespace core;

/// The op of the point, which states shape and type, launched through its own `launch`. Throws Unsupported where the op refuses shape, type
/// or attributes.
Workload directWorkload(PointRequest const& point);

/// A copy from input to output on the device, the bandwidth that an elementwise op can reach.
Workload copyWorkload(Device& device, PointRequest const& point);

/// Input and output views of an op on one shape and type, without data. Throws Unsupported where the op takes no such shape.
struct OpViews {
  OpViews(plugins::Op const& op, plugins::Attributes const& attributes, Extents const& shape, plugins::ElementType type);
  std::vector<plugins::TensorView> inputs, outputs;
};

/// What the op would launch on these tensors, for the result. Throws Unsupported where it refuses them.
Json launchOf(plugins::Op const& op, plugins::Attributes const& attributes, OpViews const& views);

}  // namespace profiler::driver
