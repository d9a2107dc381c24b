/// @file
/// Inputs, launches and comparison of the correctness test.
#include "correctness.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "guarded_buffer.hpp"

namespace profiler::plugins::test {
namespace {

/// Host input bits of one element type and the reference result for them.
struct Data {
  ElementType type;
  std::vector<unsigned char> input;
  std::vector<double> expected;

  int64_t count() const noexcept { return static_cast<int64_t>(expected.size()); }
};

/// Values where formulas break, then random bit patterns (all magnitudes, NaNs included), then numbers around 0.
double inputValue(int64_t index, int64_t count, std::mt19937_64& random) {
  double const infinity = std::numeric_limits<double>::infinity();
  double const special[] = {0.0,      -0.0, infinity, -infinity, std::nan(""), 1.0,   -1.0,  1e-40,  -1e-40, 6e-8, -6e-8, 65504.0,
                            -65504.0, 3e38, -3e38,    87.5,      -87.5,        -88.5, -88.8, -103.5, -104.5, 88.8, -16.7, -17.5};
  if (index < static_cast<int64_t>(std::size(special))) return special[index];
  if (index % 2 == 0 && index < count / 2) {
    auto const bits = static_cast<uint32_t>(random());
    return loadElement(ElementType::kFloat32, &bits, 0);
  }
  return std::normal_distribution<double>(0.0, 4.0)(random);
}

Data makeData(Op const& op, Attributes const& attributes, ElementType type, int64_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  Data data{type, std::vector<unsigned char>(static_cast<size_t>(count * elementSizeBytes(type))), {}};
  std::vector<double> rounded(static_cast<size_t>(count));
  bool const everyPattern = elementSizeBytes(type) == 2 && count >= 2 * 65536;
  for (int64_t index = 0; index < count; ++index) {
    if (everyPattern && index >= 65536 && index < 2 * 65536) {
      auto const pattern = static_cast<uint16_t>(index);
      std::memcpy(data.input.data() + 2 * index, &pattern, sizeof pattern);
    } else {
      storeElement(type, data.input.data(), index, inputValue(index, count, random));
    }
    rounded[static_cast<size_t>(index)] = loadElement(type, data.input.data(), index);
  }
  data.expected.resize(static_cast<size_t>(count));
  Shape const shape{1, {count}};
  double const* const source = rounded.data();
  double* const target = data.expected.data();
  op.reference(attributes, &shape, &source, &target);
  return data;
}

void compare(Data const& data, std::vector<unsigned char> const& output, Tolerance tolerance, std::string const& what, Tally& tally) {
  int64_t const count = static_cast<int64_t>(output.size()) / elementSizeBytes(data.type);
  tally.elements += count;
  for (int64_t index = 0; index < count; ++index) {
    double const actual = loadElement(data.type, output.data(), index);
    double const expected = roundToType(data.type, data.expected[static_cast<size_t>(index)]);
    if (!withinTolerance(actual, expected, data.type, tolerance)) {
      if (tally.wrong++ == 0) {
        tally.firstFailure = what + ": element " + std::to_string(index) + " of input " +
                             std::to_string(loadElement(data.type, data.input.data(), index)) + " is " + std::to_string(actual) +
                             ", expected " + std::to_string(expected);
      }
    } else if (std::isfinite(expected)) {
      double const error = std::fabs(actual - expected);
      tally.maxAbsoluteError = std::max(tally.maxAbsoluteError, error);
      if (std::fabs(expected) > 1e-3) tally.maxRelativeError = std::max(tally.maxRelativeError, error / std::fabs(expected));
    }
  }
}

constexpr int64_t kLargeCount = 10000;

struct Offsets {
  int64_t input;
  int64_t output;
};

/// One launch with guard zones around poisoned output.
void checkLaunch(Op const& op, Attributes const& attributes, Data const& data, int64_t count, Offsets offsets, DeviceInfo const& device,
                 GuardedBuffer const& source, GuardedBuffer const& target, Stream const& stream, Tally& tally) {
  int64_t const size = elementSizeBytes(data.type);
  auto const bytes = static_cast<size_t>(count * size);
  auto const inputOffset = static_cast<size_t>(offsets.input * size);
  auto const outputOffset = static_cast<size_t>(offsets.output * size);
  TensorView const input{data.type, {1, {count}}, source.at(inputOffset)};
  TensorView const output{data.type, {1, {count}}, target.at(outputOffset)};
  std::string const what = attributes.text() + " count=" + std::to_string(count) + " offsets=" + std::to_string(offsets.input) + "," +
                           std::to_string(offsets.output);
  if (op.refusal(attributes, &input, &output) != nullptr) {
    ++tally.refused;
    return;
  }
  CUDA_CHECK(cudaMemcpyAsync(input.data, data.input.data(), bytes, cudaMemcpyHostToDevice, stream));
  target.poison(outputOffset, bytes, stream);
  cudaCheck(op.launch(attributes, {device, stream, nullptr, 0}, &input, &output), what.c_str());
  std::vector<unsigned char> result;
  size_t const changed = target.read(outputOffset, bytes, result, stream);
  ++tally.launches;
  if (changed != 0 && tally.firstFailure.empty()) tally.firstFailure = what + ": wrote outside the tensor";
  tally.guardBytes += static_cast<long>(changed);
  compare(data, result, op.tolerance(attributes, data.type), what, tally);
}

std::vector<std::string> launchTexts(bool small) {
  std::vector<std::string> texts;
  std::vector<int> const blocks = small ? std::vector<int>{0, 96} : std::vector<int>{0, 32, 64, 96, 128, 256, 512, 1024};
  for (int const block : blocks) {
    for (int const items : {0, 1, 2, 4, 8}) texts.push_back("block=" + std::to_string(block) + " items=" + std::to_string(items));
  }
  for (char const* const cache : {"streaming", "no_allocate"}) {
    for (int const items : {1, 2, 4, 8}) texts.push_back(std::string("cache=") + cache + " items=" + std::to_string(items));
  }
  for (char const* const grid : {"exact", "half_wave", "two_waves", "four_waves", "eight_waves"}) {
    texts.push_back(std::string("grid=") + grid);
  }
  return texts;
}

}  // namespace

Tally checkVariant(Op const& op, ElementType type, char const* variant, TestOptions const& options) {
  std::vector<int64_t> const sizes = options.small ? std::vector<int64_t>{0, 1, 9, 1025, 5003}
                                                   : std::vector<int64_t>{0, 1, 2, 7, 8, 9, 31, 1023, 1025, 4097, 70001, 262147};
  std::vector<Offsets> const offsets =
      options.small ? std::vector<Offsets>{{0, 0}, {1, 1}, {0, 1}} : std::vector<Offsets>{{0, 0}, {1, 1}, {3, 3}, {7, 7}, {1, 2}, {0, 1}};
  Attributes base(op.info().fields);
  Outcome const chosen = base.set("variant", variant);
  Data const data = makeData(op, base, type, sizes.back(), options.seed);
  auto const capacity = data.input.size() + 256;
  GuardedBuffer const source(capacity);
  GuardedBuffer const target(capacity);
  Stream const stream;
  DeviceInfo device;
  CUDA_CHECK(DeviceInfo::current(device));
  Tally tally;
  for (std::string const& text : launchTexts(options.small)) {
    Attributes attributes = base;
    if (!chosen || !attributes.parse(text)) throw std::runtime_error("the op refuses '" + text + "' or variant " + variant);
    for (int64_t const count : sizes) {
      for (Offsets const pair : offsets) {
        if (count > kLargeCount && pair.input > 1) {
          continue;  // heads and tails are the same as at smaller sizes, the comparison is not
        }
        checkLaunch(op, attributes, data, count, pair, device, source, target, stream, tally);
      }
    }
  }
  return tally;
}

Tally checkHuge(Op const& op, char const* variant) {
  constexpr int64_t kCount = (int64_t{1} << 31) + 12345;
  constexpr int64_t kChunk = int64_t{1} << 26;
  constexpr uint16_t kPattern = 0x3c3c;  // one repeated byte, so that a fill makes it: about 1.0586 as float16
  GuardedBuffer const source(2 * kCount);
  GuardedBuffer const target(2 * kCount);
  Stream const stream;
  DeviceInfo device;
  CUDA_CHECK(DeviceInfo::current(device));
  Attributes attributes(op.info().fields);
  cudaCheck(attributes.set("variant", variant) ? cudaSuccess : cudaErrorInvalidValue, variant);
  TensorView const input{ElementType::kFloat16, {2, {1, kCount}}, source.at(0)};
  TensorView const output{ElementType::kFloat16, {2, {1, kCount}}, target.at(0)};
  CUDA_CHECK(cudaMemsetAsync(input.data, 0x3c, 2 * kCount, stream));
  CUDA_CHECK(op.launch(attributes, {device, stream, nullptr, 0}, &input, &output));
  Shape const one{1, {1}};
  double const value = loadElement(ElementType::kFloat16, &kPattern, 0);
  double const* const from = &value;
  double expected = 0.0;
  double* const to = &expected;
  op.reference(attributes, &one, &from, &to);
  Tally tally;
  tally.launches = 1;
  std::vector<uint16_t> chunk(kChunk);
  for (int64_t start = 0; start < kCount; start += kChunk) {
    int64_t const length = std::min(kChunk, kCount - start);
    CUDA_CHECK(cudaMemcpyAsync(chunk.data(), static_cast<uint16_t*>(output.data) + start, static_cast<size_t>(2 * length),
                               cudaMemcpyDeviceToHost, stream));
    stream.synchronize();
    uint16_t const first = chunk[0];
    bool const right = withinTolerance(loadElement(ElementType::kFloat16, &first, 0), expected, ElementType::kFloat16,
                                       op.tolerance(attributes, ElementType::kFloat16));
    tally.wrong += right ? std::count_if(chunk.begin(), chunk.begin() + length, [first](uint16_t bits) { return bits != first; }) : length;
    tally.elements += length;
  }
  return tally;
}

}  // namespace profiler::plugins::test
