#include "verification.hpp"

#include <algorithm>

#include "error.hpp"
#include "parallel.hpp"
#include "random_input.hpp"
#include "references.hpp"

namespace profiler::driver {
namespace {

constexpr std::int64_t kChunkElements = std::int64_t{1} << 22;  // copied to the host at a time
constexpr std::int64_t kSliceElements = std::int64_t{1} << 12;  // computed at a time: stays in the first-level caches
constexpr std::int64_t kGrainElements = std::int64_t{1} << 14;  // below this a thread costs more than it saves

/// Seeded inputs `begin` to `begin + count` as doubles, rounded to the tensor's type.
void generateInput(const TensorSpec& spec, std::uint64_t seed, std::uint64_t inputIndex, std::int64_t begin, std::int64_t count, double* values) {
  const std::uint64_t sequence = mixSeed(seed, inputIndex);
  const auto type = floatType(spec.type);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t hash = mixIndex(sequence, static_cast<std::uint64_t>(begin + i));
    values[i] = type ? static_cast<double>(uniformFrom(hash)) : static_cast<double>(hash >> 63);
  }
  if (type && *type != plugins::ElementType::kFloat32) {
    for (std::int64_t i = 0; i < count; ++i) values[i] = plugins::roundToType(*type, values[i]);
  }
}

std::vector<std::size_t> indicesOf(const std::vector<TensorSpec>& tensors, bool inputs) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].isInput == inputs) indices.push_back(i);
  }
  return indices;
}

plugins::ElementType requireFloat(const TensorSpec& spec) {
  const auto type = floatType(spec.type);
  if (!type) throw Unsupported("output '" + spec.name + "' is no float tensor; the reference cannot check it (use --no-verify)");
  return *type;
}

plugins::Tolerance chooseTolerance(const Reference& reference, plugins::ElementType type, const ToleranceOverride& override) {
  plugins::Tolerance tolerance = reference.tolerance(type);
  if (override.absolute) tolerance.absolute = *override.absolute;
  if (override.relative) tolerance.relative = *override.relative;
  return tolerance;
}

/// Expected values of one slice of an elementwise reference, all outputs; buffers are reused from slice to slice.
class SliceReference {
 public:
  SliceReference(const std::vector<TensorSpec>& tensors, const Reference& reference, std::uint64_t seed)
      : mTensors(tensors), mReference(reference), mSeed(seed), mInputs(indicesOf(tensors, true)), mOutputs(indicesOf(tensors, false)) {}

  const double* compute(std::size_t output, std::int64_t begin, std::int64_t count) {
    mValues.resize((mInputs.size() + mOutputs.size()) * static_cast<std::size_t>(count));
    std::vector<const double*> inputs;
    std::vector<double*> outputs;
    std::vector<plugins::Shape> shapes;
    double* next = mValues.data();
    for (std::size_t i = 0; i < mInputs.size(); ++i, next += count) {
      generateInput(mTensors[mInputs[i]], mSeed, i, begin, count, next);
      inputs.push_back(next);
      shapes.push_back(contractShape({count}));
    }
    for (std::size_t i = 0; i < mOutputs.size(); ++i, next += count) outputs.push_back(next);
    mReference.compute(shapes.data(), inputs.data(), outputs.data());
    return outputs[output];
  }

 private:
  const std::vector<TensorSpec>& mTensors;
  const Reference& mReference;
  std::uint64_t mSeed;
  std::vector<std::size_t> mInputs, mOutputs;
  std::vector<double> mValues;
};

/// All expected values of a reference that is not elementwise.
std::vector<std::vector<double>> computeWhole(const std::vector<TensorSpec>& tensors, const Reference& reference, std::uint64_t seed) {
  std::vector<std::vector<double>> inputs, outputs;
  std::vector<const double*> inputData;
  std::vector<double*> outputData;
  std::vector<plugins::Shape> shapes;
  for (const auto& spec : tensors) {
    const std::int64_t count = spec.elementCount();
    if (spec.isInput) {
      inputs.emplace_back(static_cast<std::size_t>(count));
      generateInput(spec, seed, inputs.size() - 1, 0, count, inputs.back().data());
      shapes.push_back(contractShape(spec.shape));
    } else {
      outputs.emplace_back(static_cast<std::size_t>(count));
    }
  }
  for (const auto& input : inputs) inputData.push_back(input.data());
  for (auto& output : outputs) outputData.push_back(output.data());
  reference.compute(shapes.data(), inputData.data(), outputData.data());
  return outputs;
}

/// Compares one output chunk by chunk. `expected(part)` makes a thread's source of expected values: (begin, count) -> doubles.
template <typename MakeExpected>
Accuracy compareOutput(const TensorSpec& spec, const void* device, plugins::Tolerance tolerance, const MakeExpected& makeExpected) {
  const plugins::ElementType type = requireFloat(spec);
  const std::int64_t total = spec.elementCount();
  const std::size_t elementBytes = spec.elementBytes();
  const PinnedMemory staging = allocatePinned(static_cast<std::size_t>(std::min(total, kChunkElements)) * elementBytes);
  Accuracy whole(type, tolerance);
  for (std::int64_t chunk = 0; chunk < total; chunk += kChunkElements) {
    const std::int64_t count = std::min(kChunkElements, total - chunk);
    const auto* source = static_cast<const char*>(device) + static_cast<std::size_t>(chunk) * elementBytes;
    CUDA_CHECK(cudaMemcpy(staging.get(), source, static_cast<std::size_t>(count) * elementBytes, cudaMemcpyDeviceToHost));
    const std::int64_t parts = partCount(count, kGrainElements);
    std::vector<Accuracy> partial(static_cast<std::size_t>(parts), Accuracy(type, tolerance));
    forEachPart(count, parts, [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
      auto expectedSlice = makeExpected();
      for (std::int64_t at = begin; at < end; at += kSliceElements) {
        const std::int64_t length = std::min(kSliceElements, end - at);
        const double* expected = expectedSlice(chunk + at, length);
        for (std::int64_t i = 0; i < length; ++i) {
          partial[static_cast<std::size_t>(part)].add(chunk + at + i, plugins::loadElement(type, staging.get(), at + i), expected[i]);
        }
      }
    });
    for (const auto& accuracy : partial) whole.merge(accuracy);
  }
  return whole;
}

Extents unravel(std::int64_t index, const Extents& shape) {
  Extents position(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    position[i] = index % shape[i];
    index /= shape[i];
  }
  return position;
}

Verification describe(const Accuracy& accuracy, const TensorSpec& spec, std::uint64_t seed) {
  Verification result;
  result.passed = accuracy.passed();
  result.seed = seed;
  result.elementCount = accuracy.count();
  result.failedCount = accuracy.failedCount();
  result.maxAbs = accuracy.maxAbs();
  result.meanAbs = accuracy.meanAbs();
  result.maxRel = accuracy.maxRel();
  result.meanRel = accuracy.meanRel();
  result.rootMeanSquare = accuracy.rootMeanSquare();
  result.cosine = accuracy.cosine();
  result.tolerance = accuracy.tolerance();
  result.worstTensor = spec.name;
  if (const auto& worst = accuracy.worst()) {
    result.worstIndex = unravel(worst->index, spec.shape);
    result.worstExpected = worst->expected;
    result.worstActual = worst->actual;
  }
  return result;
}

}  // namespace

Verification verifyOutputs(const BufferRing& ring, std::size_t set, const Reference& reference, std::uint64_t seed,
                           const ToleranceOverride& tolerance) {
  const auto& tensors = ring.tensors();
  const auto outputs = indicesOf(tensors, false);
  std::vector<std::vector<double>> whole;
  if (!reference.elementwise()) whole = computeWhole(tensors, reference, seed);
  std::optional<Verification> result;
  for (std::size_t output = 0; output < outputs.size(); ++output) {
    const TensorSpec& spec = tensors[outputs[output]];
    const auto makeExpected = [&]() {
      return [&, slice = SliceReference(tensors, reference, seed)](std::int64_t begin, std::int64_t count) mutable -> const double* {
        return whole.empty() ? slice.compute(output, begin, count) : whole[output].data() + begin;
      };
    };
    const Accuracy accuracy =
        compareOutput(spec, ring.addresses(set)[outputs[output]], chooseTolerance(reference, requireFloat(spec), tolerance), makeExpected);
    if (!result || (result->passed && !accuracy.passed())) result = describe(accuracy, spec, seed);
  }
  if (!result) throw Unsupported("the network has no output");
  return *result;
}

}  // namespace profiler::driver
