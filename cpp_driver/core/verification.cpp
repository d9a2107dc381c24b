#include "verification.hpp"

#include <algorithm>

#include "error.hpp"
#include "parallel.hpp"
#include "random_input.hpp"

namespace profiler::core {
namespace {

constexpr std::int64_t kChunkElements = std::int64_t{1} << 22;  // copied to the host at a time
constexpr std::int64_t kGrainElements = std::int64_t{1} << 14;  // below this a thread costs more than it saves

/// Seeded inputs `begin` to `begin + count` as doubles, rounded to the tensor's type.
void generateInput(TensorSpec const& spec, std::uint64_t seed, std::uint64_t inputIndex, std::int64_t begin, std::int64_t count,
                   double* values) {
  std::uint64_t const sequence = mixSeed(seed, inputIndex);
  auto const type = floatType(spec.type);
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint64_t const hash = mixIndex(sequence, static_cast<std::uint64_t>(begin + i));
    values[i] = type ? static_cast<double>(uniformFrom(hash)) : static_cast<double>(hash >> 63);
  }
  if (type && *type != plugins::ElementType::kFloat32) {
    for (std::int64_t i = 0; i < count; ++i) values[i] = plugins::roundToType(*type, values[i]);
  }
}

std::vector<std::size_t> indicesOf(std::vector<TensorSpec> const& tensors, bool inputs) {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].isInput == inputs) indices.push_back(i);
  }
  return indices;
}

plugins::ElementType requireFloat(TensorSpec const& spec) {
  auto const type = floatType(spec.type);
  if (!type) throw Unsupported("output '" + spec.name + "' is no float tensor; the reference cannot check it (use --no-verify)");
  return *type;
}

plugins::Tolerance chooseTolerance(Reference const& reference, plugins::ElementType type, ToleranceOverride const& override) {
  plugins::Tolerance tolerance = reference.tolerance(type);
  if (override.absolute) tolerance.absolute = *override.absolute;
  if (override.relative) tolerance.relative = *override.relative;
  return tolerance;
}

/// Expected values of one slice of an elementwise reference, all outputs; buffers are reused from slice to slice.
class SliceReference {
 public:
  SliceReference(std::vector<TensorSpec> const& tensors, Reference const& reference, std::uint64_t seed)
      : mTensors(tensors), mReference(reference), mSeed(seed), mInputs(indicesOf(tensors, true)), mOutputs(indicesOf(tensors, false)) {}

  double const* compute(std::size_t output, std::int64_t begin, std::int64_t count) {
    mValues.resize((mInputs.size() + mOutputs.size()) * static_cast<std::size_t>(count));
    std::vector<double const*> inputs;
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
  std::vector<TensorSpec> const& mTensors;
  Reference const& mReference;
  std::uint64_t mSeed;
  std::vector<std::size_t> mInputs, mOutputs;
  std::vector<double> mValues;
};

/// All expected values of a reference that is not elementwise.
std::vector<std::vector<double>> computeWhole(std::vector<TensorSpec> const& tensors, Reference const& reference, std::uint64_t seed) {
  std::vector<std::vector<double>> inputs, outputs;
  std::vector<double const*> inputData;
  std::vector<double*> outputData;
  std::vector<plugins::Shape> shapes;
  for (auto const& spec : tensors) {
    std::int64_t const count = spec.elementCount();
    if (spec.isInput) {
      inputs.emplace_back(static_cast<std::size_t>(count));
      generateInput(spec, seed, inputs.size() - 1, 0, count, inputs.back().data());
      shapes.push_back(contractShape(spec.shape));
    } else {
      outputs.emplace_back(static_cast<std::size_t>(count));
    }
  }
  inputData.reserve(inputs.size());
  outputData.reserve(outputs.size());
  for (auto const& input : inputs) inputData.push_back(input.data());
  for (auto& output : outputs) outputData.push_back(output.data());
  reference.compute(shapes.data(), inputData.data(), outputData.data());
  return outputs;
}

/// Compares one output chunk by chunk. `expected(part)` makes a thread's source of expected values: (begin, count) -> doubles.
template <typename MakeExpected>
Accuracy compareOutput(Device& device, TensorSpec const& spec, void const* output, plugins::Tolerance tolerance, std::int64_t slice,
                       MakeExpected const& makeExpected) {
  plugins::ElementType const type = requireFloat(spec);
  std::int64_t const total = spec.elementCount();
  std::size_t const elementBytes = spec.elementBytes();
  Handle const staging = device.allocatePinned(static_cast<std::size_t>(std::min(total, kChunkElements)) * elementBytes);
  Accuracy whole(type, tolerance);
  for (std::int64_t chunk = 0; chunk < total; chunk += kChunkElements) {
    std::int64_t const count = std::min(kChunkElements, total - chunk);
    auto const* source = static_cast<char const*>(output) + static_cast<std::size_t>(chunk) * elementBytes;
    device.readBack(staging.get(), source, static_cast<std::size_t>(count) * elementBytes, nullptr);
    device.synchronize(nullptr);
    std::int64_t const parts = partCount(count, kGrainElements);
    std::vector<Accuracy> partial(static_cast<std::size_t>(parts), Accuracy(type, tolerance));
    forEachPart(count, parts, [&](std::int64_t part, std::int64_t begin, std::int64_t end) {
      auto expectedSlice = makeExpected();
      for (std::int64_t at = begin; at < end; at += slice) {
        std::int64_t const length = std::min(slice, end - at);
        double const* expected = expectedSlice(chunk + at, length);
        for (std::int64_t i = 0; i < length; ++i) {
          partial[static_cast<std::size_t>(part)].add(chunk + at + i, plugins::loadElement(type, staging.get(), at + i), expected[i]);
        }
      }
    });
    for (auto const& accuracy : partial) whole.merge(accuracy);
  }
  return whole;
}

Extents unravel(std::int64_t index, Extents const& shape) {
  Extents position(shape.size());
  for (std::size_t i = shape.size(); i-- > 0;) {
    position[i] = index % shape[i];
    index /= shape[i];
  }
  return position;
}

Verification describe(Accuracy const& accuracy, TensorSpec const& spec, std::uint64_t seed) {
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
  if (auto const& worst = accuracy.worst()) {
    result.worstIndex = unravel(worst->index, spec.shape);
    result.worstExpected = worst->expected;
    result.worstActual = worst->actual;
  }
  return result;
}

}  // namespace

Verification verifyOutputs(BufferRing const& ring, std::size_t set, Reference const& reference, std::uint64_t seed,
                           ToleranceOverride const& tolerance) {
  auto const& tensors = ring.tensors();
  auto const outputs = indicesOf(tensors, false);
  std::vector<std::vector<double>> whole;
  if (!reference.elementwise()) whole = computeWhole(tensors, reference, seed);
  std::optional<Verification> result;
  for (std::size_t output = 0; output < outputs.size(); ++output) {
    TensorSpec const& spec = tensors[outputs[output]];
    auto const makeExpected = [&]() {
      return [&, slice = SliceReference(tensors, reference, seed)](std::int64_t begin, std::int64_t count) mutable -> double const* {
        return whole.empty() ? slice.compute(output, begin, count) : whole[output].data() + begin;
      };
    };
    Accuracy const accuracy =
        compareOutput(ring.device(), spec, ring.addresses(set)[outputs[output]], chooseTolerance(reference, requireFloat(spec), tolerance),
                      reference.sliceElements(), makeExpected);
    if (!result || (result->passed && !accuracy.passed())) result = describe(accuracy, spec, seed);
  }
  if (!result) throw Unsupported("the network has no output");
  return *result;
}

}  // namespace profiler::core
