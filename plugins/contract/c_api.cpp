/// @file
/// The C interface on top of the C++ contract. No exception leaves a function.
#include "c_api.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>

#include "op_json.hpp"
#include "registry.hpp"

using profiler::plugins::Attributes;
using profiler::plugins::DeviceInfo;
using profiler::plugins::kMaxTensors;
using profiler::plugins::Op;
using profiler::plugins::TensorView;

struct ProfilerPreparedOp {
  Op const* op;
  Attributes attributes;
  DeviceInfo device;
};

namespace {

static_assert(sizeof(ProfilerTensor) == 72 + sizeof(void*), "bindings in other languages rely on this layout");
static_assert(PROFILER_OPS_MAX_RANK == profiler::plugins::kMaxRank);

struct Views {
  std::array<TensorView, kMaxTensors> inputs, outputs;
};

/// Runs `body`; whatever it throws becomes a status.
template <typename Body>
auto guarded(Body const& body) noexcept -> decltype(body()) {
  try {
    return body();
  } catch (...) {
    return PROFILER_OPS_INTERNAL;
  }
}

int64_t writeText(std::string const& content, char* text, int64_t capacity) noexcept {
  if (text != nullptr && capacity > 0) {
    auto const length = std::min<int64_t>(capacity - 1, static_cast<int64_t>(content.size()));
    std::memcpy(text, content.data(), static_cast<size_t>(length));
    text[length] = '\0';
  }
  return static_cast<int64_t>(content.size());
}

bool readTensor(ProfilerTensor const& tensor, TensorView& view) noexcept {
  if (tensor.type < PROFILER_OPS_FLOAT32 || tensor.type > PROFILER_OPS_INT32 || tensor.rank < 0 || tensor.rank > PROFILER_OPS_MAX_RANK) {
    return false;
  }
  view.type = static_cast<profiler::plugins::ElementType>(tensor.type);
  view.shape.rank = tensor.rank;
  std::copy_n(tensor.dims, tensor.rank, view.shape.dims);
  view.data = tensor.data;
  return view.elementCount() >= 0;
}

ProfilerTensor writeTensor(TensorView const& view) noexcept {
  ProfilerTensor tensor{static_cast<int32_t>(view.type), view.shape.rank, {}, nullptr};
  std::copy_n(view.shape.dims, view.shape.rank, tensor.dims);
  return tensor;
}

bool readTensors(ProfilerTensor const* tensors, int64_t count, std::array<TensorView, kMaxTensors>& views) noexcept {
  bool valid = tensors != nullptr && count <= kMaxTensors;
  for (int64_t index = 0; valid && index < count; ++index) valid = readTensor(tensors[index], views[static_cast<size_t>(index)]);
  return valid;
}

int32_t inputCountOf(ProfilerPreparedOp const& prepared) noexcept { return prepared.op->inputCount(prepared.attributes); }

int32_t outputCountOf(ProfilerPreparedOp const& prepared) noexcept { return prepared.op->outputCount(prepared.attributes); }

bool readAll(ProfilerPreparedOp const* prepared, ProfilerTensor const* inputs, ProfilerTensor const* outputs, Views& views) noexcept {
  return prepared != nullptr && readTensors(inputs, inputCountOf(*prepared), views.inputs) &&
         readTensors(outputs, outputCountOf(*prepared), views.outputs);
}

/// Whether every tensor with an element has data to point at; the shapes were read before.
bool holdData(ProfilerTensor const* tensors, int64_t count) noexcept {
  return std::all_of(tensors, tensors + count, [](ProfilerTensor const& tensor) {
    return tensor.data != nullptr || std::find(tensor.dims, tensor.dims + tensor.rank, 0) != tensor.dims + tensor.rank;
  });
}

int32_t prepare(char const* name, char const* attributes, ProfilerPreparedOp** prepared, std::string& message) {
  Op const* const op = profiler::plugins::findOp(name);
  if (op == nullptr) {
    std::string const nearest = profiler::plugins::nearestOpName(name);
    message = "unknown op '" + std::string(name) + "'" + (nearest.empty() ? "" : ", did you mean '" + nearest + "'?");
    return PROFILER_OPS_UNKNOWN_OP;
  }
  Attributes parsed(op->info().fields);
  profiler::plugins::Outcome const outcome = parsed.parse(attributes == nullptr ? "" : attributes);
  if (!outcome) {
    message = outcome.reason;
    return PROFILER_OPS_BAD_ATTRIBUTE;
  }
  DeviceInfo device;
  if (DeviceInfo::current(device) != cudaSuccess) device = DeviceInfo{};
  *prepared = new ProfilerPreparedOp{op, parsed, device};
  return PROFILER_OPS_OK;
}

}  // namespace

int32_t profilerOpsAbiVersion(void) { return PROFILER_OPS_ABI_VERSION; }

char const* profilerOpsStatusText(int32_t status) {
  switch (status) {
    case PROFILER_OPS_OK: return "success";
    case PROFILER_OPS_BAD_ARGUMENT: return "bad argument: null pointer, unknown type or bad shape";
    case PROFILER_OPS_UNKNOWN_OP: return "unknown op";
    case PROFILER_OPS_BAD_ATTRIBUTE: return "bad attribute";
    case PROFILER_OPS_REFUSED: return "the op cannot run on these tensors with these attributes";
    case PROFILER_OPS_INTERNAL: return "out of host memory, or a defect of the op";
    default: return status > 0 ? profiler::plugins::cudaErrorText(static_cast<cudaError_t>(status)) : "unknown status";
  }
}

int64_t profilerOpsListJson(char* text, int64_t capacity) {
  return guarded([&] { return writeText(profiler::plugins::opsJson().dump(), text, capacity); });
}

int32_t profilerOpsPrepare(char const* op, char const* attributes, ProfilerPreparedOp** prepared, char* message, int64_t capacity) {
  if (op == nullptr || prepared == nullptr) return PROFILER_OPS_BAD_ARGUMENT;
  return guarded([&] {
    std::string reason;
    int32_t const status = prepare(op, attributes, prepared, reason);
    writeText(reason, message, capacity);
    return status;
  });
}

void profilerOpsRelease(ProfilerPreparedOp* prepared) { delete prepared; }

int32_t profilerOpsTensors(ProfilerPreparedOp const* prepared, ProfilerTensor const* point, ProfilerTensor* inputs, int32_t* inputCount,
                           ProfilerTensor* outputs, int32_t* outputCount) {
  TensorView view;
  if (prepared == nullptr || point == nullptr || inputs == nullptr || outputs == nullptr || inputCount == nullptr ||
      outputCount == nullptr || !readTensor(*point, view)) {
    return PROFILER_OPS_BAD_ARGUMENT;
  }
  Views views;
  if (prepared->op->describeInputs(prepared->attributes, view.shape, view.type, views.inputs.data()) != nullptr) {
    return PROFILER_OPS_REFUSED;
  }
  prepared->op->describeOutputs(prepared->attributes, views.inputs.data(), views.outputs.data());
  *inputCount = inputCountOf(*prepared);
  *outputCount = outputCountOf(*prepared);
  std::transform(views.inputs.begin(), views.inputs.begin() + *inputCount, inputs, writeTensor);
  std::transform(views.outputs.begin(), views.outputs.begin() + *outputCount, outputs, writeTensor);
  return PROFILER_OPS_OK;
}

int64_t profilerOpsDescribeJson(ProfilerPreparedOp const* prepared, ProfilerTensor const* inputs, ProfilerTensor const* outputs, char* text,
                                int64_t capacity) {
  Views views;
  if (!readAll(prepared, inputs, outputs, views)) return PROFILER_OPS_BAD_ARGUMENT;
  return guarded([&] {
    auto const launch =
        profiler::plugins::launchJson(*prepared->op, prepared->attributes, prepared->device, views.inputs.data(), views.outputs.data());
    return writeText(launch.dump(), text, capacity);
  });
}

int32_t profilerOpsLaunch(ProfilerPreparedOp const* prepared, ProfilerTensor const* inputs, ProfilerTensor const* outputs, void* workspace,
                          int64_t workspaceBytes, void* stream) {
  Views views;
  if (workspaceBytes < 0 || !readAll(prepared, inputs, outputs, views)) return PROFILER_OPS_BAD_ARGUMENT;
  profiler::plugins::LaunchContext const context{prepared->device, static_cast<cudaStream_t>(stream), workspace,
                                                 static_cast<size_t>(workspaceBytes)};
  cudaError_t const error = prepared->op->launch(prepared->attributes, context, views.inputs.data(), views.outputs.data());
  bool const refused =
      error == cudaErrorInvalidValue && prepared->op->refusal(prepared->attributes, views.inputs.data(), views.outputs.data()) != nullptr;
  return refused ? PROFILER_OPS_REFUSED : static_cast<int32_t>(error);
}

int32_t profilerOpsReference(ProfilerPreparedOp const* prepared, ProfilerTensor const* inputs, ProfilerTensor const* outputs) {
  Views views;
  if (!readAll(prepared, inputs, outputs, views) || !holdData(inputs, inputCountOf(*prepared)) ||
      !holdData(outputs, outputCountOf(*prepared))) {
    return PROFILER_OPS_BAD_ARGUMENT;
  }
  Views expected = views;
  prepared->op->describeOutputs(prepared->attributes, expected.inputs.data(), expected.outputs.data());
  std::array<profiler::plugins::Shape, kMaxTensors> shapes;
  std::array<double const*, kMaxTensors> sources{};
  std::array<double*, kMaxTensors> targets{};
  for (size_t index = 0; index < kMaxTensors; ++index) {
    if (views.outputs[index].shape != expected.outputs[index].shape) return PROFILER_OPS_BAD_ARGUMENT;
    shapes[index] = views.inputs[index].shape;
    sources[index] = static_cast<double const*>(views.inputs[index].data);
    targets[index] = static_cast<double*>(views.outputs[index].data);
  }
  return guarded([&] {
    prepared->op->reference(prepared->attributes, shapes.data(), sources.data(), targets.data());
    return PROFILER_OPS_OK;
  });
}
