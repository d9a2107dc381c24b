#include "direct_engine.hpp"

#include <memory>

#include "contract/contract.hpp"
#include "contract/op_json.hpp"
#include "error.hpp"
#include "references.hpp"

namespace profiler::driver {
namespace {

/// Throws CudaError that names the call unless `status` is cudaSuccess.
void check(cudaError_t status, char const* call) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // an error that is not sticky must not surface at a later, innocent call
  throw CudaError(std::string(call) + ": " + cudaGetErrorName(status) + ", " + cudaGetErrorString(status));
}

/// What one lane launches with.
struct Launcher {
  Launcher(plugins::Op const& launched, plugins::Attributes const& given, OpViews tensors)
      : op(launched), attributes(given), views(std::move(tensors)) {
    check(plugins::DeviceInfo::current(context.device), "DeviceInfo::current");
    context.workspaceBytes = op.workspaceBytes(attributes, views.inputs.data(), views.outputs.data());
    workspace = cudaDevice(context.device.ordinal).allocate(context.workspaceBytes);
    context.workspace = workspace.get();
  }
  void bind(Addresses const& addresses) {
    std::size_t next = 0;
    for (auto& input : views.inputs) input.data = addresses[next++];
    for (auto& output : views.outputs) output.data = addresses[next++];
  }
  void enqueue(void* stream) {
    context.stream = static_cast<cudaStream_t>(stream);
    check(op.launch(attributes, context, views.inputs.data(), views.outputs.data()), "Op::launch");
  }

  plugins::Op const& op;
  plugins::Attributes attributes;
  OpViews views;
  plugins::LaunchContext context;
  Handle workspace;
};

void addSpecs(std::vector<TensorSpec>& specs, std::vector<plugins::TensorView> const& tensors, std::string const& name, bool isInput) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    specs.push_back({name + std::to_string(i), extentsOf(tensors[i].shape), tensors[i].type, isInput});
  }
}

}  // namespace

OpViews::OpViews(plugins::Op const& op, plugins::Attributes const& attributes, Extents const& shape, plugins::ElementType type)
    : inputs(static_cast<std::size_t>(op.inputCount(attributes))), outputs(static_cast<std::size_t>(op.outputCount(attributes))) {
  if (char const* refusal = op.describeInputs(attributes, contractShape(shape), type, inputs.data())) throw Unsupported(refusal);
  op.describeOutputs(attributes, inputs.data(), outputs.data());
}

Json launchOf(plugins::Op const& op, plugins::Attributes const& attributes, OpViews const& views) {
  if (char const* refusal = op.refusal(attributes, views.inputs.data(), views.outputs.data())) throw Unsupported(refusal);
  plugins::DeviceInfo device;
  check(plugins::DeviceInfo::current(device), "DeviceInfo::current");
  plugins::LaunchConfig const config = op.describeLaunch(attributes, device, views.inputs.data(), views.outputs.data());
  if (!config.possible()) throw Unsupported(config.refusal);
  return plugins::launchFacts(config);
}

Workload directWorkload(PointRequest const& point) {
  plugins::Op const* op = plugins::findOp(point.op);
  if (op == nullptr) throw Unsupported("no built-in op is called " + point.op);
  plugins::Attributes const attributes = readAttributes(op->info().fields, point.attributes);
  if (!point.shape || !point.type) throw Unsupported("the point has no shape or no dtype");
  OpViews const views(*op, attributes, *point.shape, *point.type);
  Workload workload;
  workload.engine = "direct";
  workload.facts["launch"] = launchOf(*op, attributes, views);
  addSpecs(workload.tensors, views.inputs, "input", true);
  addSpecs(workload.tensors, views.outputs, "output", false);
  workload.makeExecutor = [op, attributes, views] {
    auto const launcher = std::make_shared<Launcher>(*op, attributes, views);
    return Executor{[launcher](Addresses const& addresses) { launcher->bind(addresses); },
                    [launcher](void* stream) { launcher->enqueue(stream); }};
  };
  workload.bytesPerIteration = op->bytesPerIteration(attributes, views.inputs.data(), views.outputs.data());
  workload.reference = opReference(*op, attributes);
  return workload;
}

Workload copyWorkload(Device& device, PointRequest const& point) {
  Workload workload;
  workload.engine = "direct";
  if (!point.shape || !point.type) throw Unsupported("the point has no shape or no dtype");
  workload.tensors = {{"input0", *point.shape, *point.type, true}, {"output0", *point.shape, *point.type, false}};
  workload.makeExecutor = [&device, byteCount = workload.tensors[0].sizeBytes()] {
    auto const bound = std::make_shared<Addresses>();
    return Executor{[bound](Addresses const& addresses) { *bound = addresses; },
                    [&device, bound, byteCount](void* stream) {
                      if (byteCount > 0) device.copy(bound->at(1), bound->at(0), byteCount, stream);
                    }};
  };
  workload.reference = copyReference();
  return workload;
}

}  // namespace profiler::driver
