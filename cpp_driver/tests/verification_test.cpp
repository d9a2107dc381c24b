// What the checks of outputs and buffers let pass, without a GPU: wrong results of TensorRT's own layers, and sizes beyond any memory.
#include <cmath>
#include <cstdlib>
#include <functional>

#include "accuracy.hpp"
#include "buffers.hpp"
#include "contract/native.hpp"
#include "error.hpp"
#include "references.hpp"
#include "tests/check.hpp"

namespace {

using namespace profiler::core;
using profiler::plugins::Attributes;
using profiler::plugins::ElementType;
using profiler::plugins::findNativeOp;
using profiler::plugins::NativeOp;
using profiler::plugins::roundedAttributes;

constexpr ElementType kTypes[] = {ElementType::kFloat32, ElementType::kFloat16, ElementType::kBFloat16};

/// Counts the elements of -8 to 8 that the op's tolerance refuses when `compute` stands for the layer.
std::int64_t refused(NativeOp const& op, Attributes const& attributes, ElementType type, std::function<double(double)> const& compute,
                     double from = -8.0, double to = 8.0) {
  Accuracy accuracy(type, op.tolerances.of(type));
  Attributes const held = roundedAttributes(attributes, type);
  for (int i = 0; i <= 1600; ++i) {
    double const x = profiler::plugins::roundToType(type, from + (to - from) * i / 1600);
    accuracy.add(i, profiler::plugins::roundToType(type, compute(x)), op.reference(held, x));
  }
  return accuracy.failedCount();
}

double rounded(ElementType type, double value) { return profiler::plugins::roundToType(type, value); }

void sumsMustAddWhatTheyShould() {
  NativeOp const& op = *findNativeOp("native_add_scalar");
  for (ElementType const type : kTypes) {
    for (char const* const scalar : {"9e-7", "0.0035", "0.03", "1", "-300"}) {
      Attributes attributes(op.fields);
      CHECK(attributes.set("scalar", scalar));
      double const held = rounded(type, std::strtod(scalar, nullptr));
      CHECK(refused(op, attributes, type, [&](double x) { return x + held; }) == 0);
      CHECK(refused(op, attributes, type, [](double x) { return x; }, -1e-3, 1e-3) > 0);
    }
  }
}

void activationsMustReachTheirTails() {
  for (char const* name : {"native_sigmoid", "native_silu"}) {
    NativeOp const& op = *findNativeOp(name);
    bool const isSilu = std::string(name) == "native_silu";
    for (ElementType const type : kTypes) {
      auto const layer = [&](double x) {  // every step rounded to the type, as a network in 16 bits may compute it
        double const power = rounded(type, std::exp(rounded(type, -x)));
        double const sigmoid = rounded(type, 1.0 / rounded(type, 1.0 + power));
        return isSilu ? x * sigmoid : sigmoid;
      };
      CHECK(refused(op, Attributes(op.fields), type, layer) == 0);
      CHECK(refused(op, Attributes(op.fields), type, [](double) { return 0.0; }, -8.0, -6.0) == 1601);
      CHECK(refused(op, Attributes(op.fields), type, [&](double x) { return 1.1 * layer(x); }) > 1200);
    }
  }
}

void sizesBeyondMemoryAreRefused() {
  auto const bytes = [](std::int64_t elements, std::size_t tensors) {
    return bufferSetBytes(std::vector<TensorSpec>(tensors, {"input0", {elements}, ElementType::kFloat32, true}));
  };
  CHECK(bytes(0, 2) == 512 && bytes(1, 2) == 512 && bytes(65, 2) == 1024);
  CHECK(bytes(std::int64_t{1} << 56, 16) == std::size_t{1} << 62);
  std::string refusal;
  try {
    bytes(std::int64_t{1} << 56, 17);
  } catch (Unsupported const& unsupported) {
    refusal = unsupported.what();
  }
  CHECK(refusal.find("larger than any device memory") != std::string::npos);
}

void plansFlushWhereTheyCannotRotate() {
  std::int64_t const l2 = std::int64_t{50} << 20;
  std::size_t const set = std::size_t{8} << 20;
  CachePlan const rotates = planCache(CacheMode::kCold, set, l2, 16384);
  CHECK(rotates.setCount == 14 && !rotates.flush);
  for (std::size_t const most : {std::size_t{13}, std::size_t{1}, std::size_t{0}}) {
    CachePlan const flushes = planCache(CacheMode::kCold, set, l2, most);
    CHECK(flushes.setCount == 1 && flushes.flush);
  }
  CachePlan const warm = planCache(CacheMode::kWarm, set, l2, 16384);
  CHECK(warm.setCount == 1 && !warm.flush);
}

}  // namespace

int main() {
  sumsMustAddWhatTheyShould();
  activationsMustReachTheirTails();
  sizesBeyondMemoryAreRefused();
  plansFlushWhereTheyCannotRotate();
  return profiler::plugins::test::checks().finish("verification");
}
