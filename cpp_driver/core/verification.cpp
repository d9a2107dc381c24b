#include "verification.hpp"

#include <algorithm>
#include <future>
#include <thread>

#include "error.hpp"
#include "random_input.hpp"

namespace profiler::core {
namespace {

constexpr std::int64_t kChunkElements = std::int64_t{1} << 22;  // copied to the host at a time
constexpr std::int64_t kGrainElements = std::int64_t{1} << 14;  // below this a thread costs more than it saves

/// Seeded inputs `begin` to `begin + count` as doubles, rounded to the tensor's type.
void generateInput(TensorSpec const& spec, std::uint64_t seed, std::uint64_t inputIndex, std::int64_t begin, std::int64_t count,
                   double* values) {
  std::uint64_t const sequence = mixSeed(seed, inputIndex);
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint64_t const hash = mixIndex(sequence, static_cast<std::uint64_t>(begin + i));
    values[i] = isFloat(spec.type) ? static_cast<double>(uniformFrom(hash)) : static_cast<double>(hash >> 63);
  }
  if (!isFloat(spec.type) || spec.type == plugins::ElementType::kFloat32) return;
  for (std::int64_t i = 0; i < count; ++i) values[i] = plugins::roundToType(spec.type, values[i]);
}

/// Computes expected values of all outputs, of a slice of an elementwise reference or of whole tensors; memory is reused.
class Expected {
 public:
  Expected(std::vector<TensorSpec> const& tensors, Reference const& reference, std::uint64_t seed)
      : mTensors(tensors), mReference(reference), mSeed(seed), mValues(tensors.size()) {}

  /// Computes the elements from `begin` on; without a count all of them.
  Expected& compute(std::int64_t begin, std::optional<std::int64_t> count = std::nullopt) {
    std::vector<double const*> inputs;
    std::vector<double*> outputs;
    std::vector<plugins::Shape> shapes;
    for (std::size_t i = 0; i < mTensors.size(); ++i) {
      std::int64_t const elements = count.value_or(mTensors[i].elementCount());
      mValues[i].resize(static_cast<std::size_t>(elements));
      if (mTensors[i].isInput) {
        generateInput(mTensors[i], mSeed, inputs.size(), begin, elements, mValues[i].data());
        inputs.push_back(mValues[i].data());
        shapes.push_back(contractShape(count ? Extents{elements} : mTensors[i].shape));
      } else {
        outputs.push_back(mValues[i].data());
      }
    }
    mReference.compute(shapes.data(), inputs.data(), outputs.data());
    return *this;
  }
  double const* valuesOf(std::size_t tensor) const { return mValues[tensor].data(); }

 private:
  std::vector<TensorSpec> const& mTensors;
  Reference const& mReference;
  std::uint64_t mSeed;
  std::vector<std::vector<double>> mValues;
};

plugins::Tolerance chooseTolerance(Reference const& reference, TensorSpec const& spec, ToleranceOverride const& override) {
  if (!isFloat(spec.type))
    throw Unsupported("output '" + spec.name + "' is no float tensor; the reference cannot check it (use --no-verify)");
  plugins::Tolerance const own = reference.tolerance(spec.type);
  return {override.absolute.value_or(own.absolute), override.relative.value_or(own.relative)};
}

/// Compares one output chunk by chunk, the parts of a chunk on all cores. `makeExpected()` gives a thread its source of expected values:
/// (begin, count) -> doubles.
template <typename MakeExpected>
Accuracy compareOutput(Device& device, TensorSpec const& spec, void const* output, plugins::Tolerance tolerance, std::int64_t slice,
                       MakeExpected const& makeExpected) {
  std::int64_t const total = spec.elementCount();
  std::size_t const elementBytes = spec.elementBytes();
  Handle const staging = device.allocatePinned(static_cast<std::size_t>(std::min(total, kChunkElements)) * elementBytes);
  Accuracy whole(spec.type, tolerance);
  for (std::int64_t chunk = 0; chunk < total; chunk += kChunkElements) {
    std::int64_t const count = std::min(kChunkElements, total - chunk);
    auto const* source = static_cast<char const*>(output) + static_cast<std::size_t>(chunk) * elementBytes;
    device.readBack(staging.get(), source, static_cast<std::size_t>(count) * elementBytes, nullptr);
    device.synchronize(nullptr);
    auto const comparePart = [&, chunk](std::int64_t begin, std::int64_t end) {
      Accuracy partial(spec.type, tolerance);
      auto expectedSlice = makeExpected();
      for (std::int64_t at = begin; at < end; at += slice) {
        std::int64_t const length = std::min(slice, end - at);
        double const* expected = expectedSlice(chunk + at, length);
        for (std::int64_t i = 0; i < length; ++i) {
          partial.add(chunk + at + i, plugins::loadElement(spec.type, staging.get(), at + i), expected[i]);
        }
      }
      return partial;
    };
    std::int64_t const cores = std::max(1U, std::thread::hardware_concurrency());
    std::int64_t const parts = std::clamp<std::int64_t>((count + kGrainElements - 1) / kGrainElements, 1, cores);
    std::vector<std::future<Accuracy>> compared;
    compared.reserve(static_cast<std::size_t>(parts));
    for (std::int64_t part = 0; part < parts; ++part) {  // one that gets no thread is computed when it is asked for
      compared.push_back(std::async(comparePart, count * part / parts, count * (part + 1) / parts));
    }
    for (auto& part : compared) whole.merge(part.get());
  }
  return whole;
}

}  // namespace

Verification verifyOutputs(BufferRing const& ring, std::size_t set, Reference const& reference, std::uint64_t seed,
                           ToleranceOverride const& tolerance) {
  auto const& tensors = ring.tensors();
  Expected whole(tensors, reference, seed);
  if (!reference.elementwise) whole.compute(0);
  std::optional<Verification> result;
  for (std::size_t output = 0; output < tensors.size(); ++output) {
    TensorSpec const& spec = tensors[output];
    if (spec.isInput) continue;
    plugins::Tolerance const allowed = chooseTolerance(reference, spec, tolerance);
    double const* all = reference.elementwise ? nullptr : whole.valuesOf(output);
    auto const makeExpected = [&, all] {
      return [&, all, part = Expected(tensors, reference, seed)](std::int64_t begin, std::int64_t count) mutable {
        return all ? all + begin : part.compute(begin, count).valuesOf(output);
      };
    };
    Accuracy const accuracy =
        compareOutput(ring.device(), spec, ring.addresses(set)[output], allowed, reference.sliceElements, makeExpected);
    if (!result || (result->accuracy.passed() && !accuracy.passed())) result = Verification{accuracy, spec, seed};
  }
  if (!result) throw Unsupported("the network has no output");
  return *result;
}

}  // namespace profiler::core
