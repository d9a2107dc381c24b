#include "direct_engine.hpp"

#include <algorithm>

#include "contract/contract.hpp"
#include "cuda_check.hpp"
#include "error.hpp"
#include "json.hpp"
#include "references.hpp"

namespace profiler::driver {
namespace {

std::vector<TensorSpec> specsOf(OpViews const& views) {
  std::vector<TensorSpec> specs;
  auto const add = [&](std::vector<plugins::TensorView> const& tensors, char const* name, bool isInput) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      auto const& shape = tensors[i].shape;
      specs.push_back({name + std::to_string(i), Extents(shape.dims, shape.dims + shape.rank), tensorType(tensors[i].type), isInput});
    }
  };
  add(views.inputs, "input", true);
  add(views.outputs, "output", false);
  return specs;
}

class DirectExecutor : public Executor {
 public:
  DirectExecutor(plugins::Op const& op, plugins::Attributes const& attributes, OpViews views)
      : mOp(op), mAttributes(attributes), mViews(std::move(views)) {
    CUDA_CHECK(plugins::DeviceInfo::current(mContext.device));
    mContext.workspaceBytes = mOp.workspaceBytes(mAttributes, mViews.inputs.data(), mViews.outputs.data());
    mWorkspace = cudaDevice(mContext.device.ordinal).allocate(mContext.workspaceBytes);
    mContext.workspace = mWorkspace.get();
  }
  void bind(Addresses const& addresses) override {
    std::size_t next = 0;
    for (auto& input : mViews.inputs) input.data = addresses[next++];
    for (auto& output : mViews.outputs) output.data = addresses[next++];
  }
  void enqueue(void* stream) override {
    mContext.stream = static_cast<cudaStream_t>(stream);
    checkCuda(mOp.launch(mAttributes, mContext, mViews.inputs.data(), mViews.outputs.data()), "Op::launch");
  }

 private:
  plugins::Op const& mOp;
  plugins::Attributes mAttributes;
  OpViews mViews;
  plugins::LaunchContext mContext;
  Handle mWorkspace;
};

class DirectWorkload : public Workload {
 public:
  DirectWorkload(plugins::Op const& op, plugins::Attributes const& attributes, OpViews views)
      : mOp(op),
        mAttributes(attributes),
        mViews(std::move(views)),
        mTensors(specsOf(mViews)),
        mReference(makeOpReference(op, attributes)) {}
  char const* engineName() const override { return "direct"; }
  std::vector<TensorSpec> const& tensors() const override { return mTensors; }
  std::unique_ptr<Executor> makeExecutor() override { return std::make_unique<DirectExecutor>(mOp, mAttributes, mViews); }
  std::int64_t bytesPerIteration() const override {
    return mOp.bytesPerIteration(mAttributes, mViews.inputs.data(), mViews.outputs.data());
  }
  Reference const* reference() const override { return mReference.get(); }
  Json facts() const override {
    return factsJson(describeOpLaunch(mOp, mAttributes, mViews.inputs.data(), mViews.outputs.data()), std::nullopt, std::nullopt);
  }

 private:
  plugins::Op const& mOp;
  plugins::Attributes mAttributes;
  OpViews mViews;
  std::vector<TensorSpec> mTensors;
  std::unique_ptr<Reference> mReference;
};

class CopyExecutor : public Executor {
 public:
  explicit CopyExecutor(std::size_t byteCount) : mByteCount(byteCount) {}
  void bind(Addresses const& addresses) override { mAddresses = addresses; }
  void enqueue(void* stream) override {
    if (mByteCount > 0)
      CUDA_CHECK(cudaMemcpyAsync(mAddresses[1], mAddresses[0], mByteCount, cudaMemcpyDeviceToDevice, static_cast<cudaStream_t>(stream)));
  }

 private:
  std::size_t mByteCount;
  Addresses mAddresses;
};

class CopyWorkload : public Workload {
 public:
  CopyWorkload(Extents const& shape, plugins::ElementType type)
      : mTensors{{"input0", shape, tensorType(type), true}, {"output0", shape, tensorType(type), false}}, mReference(makeCopyReference()) {}
  char const* engineName() const override { return "direct"; }
  std::vector<TensorSpec> const& tensors() const override { return mTensors; }
  std::unique_ptr<Executor> makeExecutor() override { return std::make_unique<CopyExecutor>(mTensors[0].sizeBytes()); }
  Reference const* reference() const override { return mReference.get(); }

 private:
  std::vector<TensorSpec> mTensors;
  std::unique_ptr<Reference> mReference;
};

}  // namespace

OpViews makeOpViews(plugins::Op const& op, plugins::Attributes const& attributes, Extents const& shape, plugins::ElementType type) {
  OpViews views;
  views.inputs.resize(static_cast<std::size_t>(op.inputCount(attributes)));
  views.outputs.resize(static_cast<std::size_t>(op.outputCount(attributes)));
  if (char const* refusal = op.describeInputs(attributes, contractShape(shape), type, views.inputs.data())) throw Unsupported(refusal);
  op.describeOutputs(attributes, views.inputs.data(), views.outputs.data());
  return views;
}

std::optional<LaunchDescription> describeOpLaunch(plugins::Op const& op, plugins::Attributes const& attributes,
                                                  plugins::TensorView const* inputs, plugins::TensorView const* outputs) {
  plugins::DeviceInfo device;
  CUDA_CHECK(plugins::DeviceInfo::current(device));
  plugins::LaunchConfig const config = op.describeLaunch(attributes, device, inputs, outputs);
  if (!config.possible()) throw Unsupported(config.refusal);
  LaunchDescription launch;
  launch.kernel = config.kernel;
  if (char const* symbol = config.symbol()) launch.symbol = symbol;
  std::copy_n(config.grid, 3, launch.grid.begin());
  std::copy_n(config.block, 3, launch.block.begin());
  launch.dynamicSharedMemoryBytes = config.dynamicSharedMemoryBytes;
  launch.itemsPerThread = config.itemsPerThread;
  launch.accessBytes = config.accessBytes;
  if (config.note) launch.note = config.note;
  auto const& resolved = config.resolved;
  for (std::int64_t i = 0; i < resolved.fields().size(); ++i) {
    launch.resolved.emplace_back(resolved.fields()[i].name, resolved.textAt(static_cast<std::int32_t>(i)));
  }
  return launch;
}

std::unique_ptr<Workload> makeDirectWorkload(PointRequest const& point) {
  plugins::Op const* op = plugins::findOp(point.op);
  if (op == nullptr) throw Unsupported("no built-in op is called " + point.op);
  plugins::Attributes const attributes = readAttributes(op->info().fields, point.attributes);
  if (!point.shape || !point.type) throw Unsupported("the point has no shape or no dtype");
  OpViews views = makeOpViews(*op, attributes, *point.shape, *point.type);
  if (char const* refusal = op->refusal(attributes, views.inputs.data(), views.outputs.data())) throw Unsupported(refusal);
  describeOpLaunch(*op, attributes, views.inputs.data(), views.outputs.data());
  return std::make_unique<DirectWorkload>(*op, attributes, std::move(views));
}

std::unique_ptr<Workload> makeCopyWorkload(PointRequest const& point) {
  if (!point.shape || !point.type) throw Unsupported("the point has no shape or no dtype");
  return std::make_unique<CopyWorkload>(*point.shape, *point.type);
}

}  // namespace profiler::driver
