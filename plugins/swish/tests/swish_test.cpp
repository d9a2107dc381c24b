/// @file
/// What swish computes, at values where the answer is known. Needs no GPU.
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "contract/contract.hpp"
#include "tests/check.hpp"

using namespace profiler::plugins;

namespace {

double swish(char const* beta, double x) {
  Op const& op = *findOp("swish");
  Attributes attributes(op.info().fields);
  CHECK(attributes.set("beta", beta));
  Shape const shape{1, {1}};
  double const* const input = &x;
  double result = -1;
  double* const output = &result;
  op.reference(attributes, &shape, &input, &output);
  return result;
}

void checkValues() {
  double const infinity = std::numeric_limits<double>::infinity();
  CHECK(swish("1", 0.0) == 0.0 && std::signbit(swish("1", -0.0)));
  CHECK(std::fabs(swish("1", 1.0) - 0.7310585786300049) < 1e-15);
  CHECK(std::fabs(swish("1", -1.0) + 0.2689414213699951) < 1e-15);
  CHECK(std::fabs(swish("2", 0.5) - 0.36552928931500245) < 1e-15);
  CHECK(swish("0", 3.0) == 1.5);
  CHECK(swish("1", 1e30) == 1e30 && swish("1", -1e30) == 0.0);
  CHECK(swish("1", infinity) == infinity);
  CHECK(std::isnan(swish("1", -infinity)));
  CHECK(std::isnan(swish("1", std::nan(""))));
  CHECK(std::isnan(swish("-1", infinity)));
}

void checkTolerance() {
  Op const& op = *findOp("swish");
  Attributes const attributes(op.info().fields);
  for (ElementType const type : op.info().types) {
    Tolerance const tolerance = op.tolerance(attributes, type);
    CHECK(withinTolerance(1.0, 1.0, type, tolerance) && !withinTolerance(1.02, 1.0, type, tolerance));
    CHECK(!withinTolerance(std::nan(""), 1.0, type, tolerance) && withinTolerance(std::nan(""), std::nan(""), type, tolerance));
    CHECK(!withinTolerance(INFINITY, 1.0, type, tolerance) && withinTolerance(INFINITY, INFINITY, type, tolerance));
    CHECK(!withinTolerance(-INFINITY, INFINITY, type, tolerance));
  }
  CHECK(op.mapsZeroToZero(attributes));
}

float flush(float value) { return std::fabs(value) < 0x1p-126f ? std::copysign(0.0f, value) : value; }

/// The kernels' arithmetic, with the two special functions off by a relative `exp2Error` and `reciprocalError`.
/// Source: ex2.approx and rcp.approx in the PTX ISA 9.0; 2^-22 is more than either is off.
float emulatedSwish(float beta, float x, double exp2Error, double reciprocalError) {
  float const exponent = flush(x * (-beta * 1.44269504088896340736f));
  float const power = flush(static_cast<float>(std::exp2(static_cast<double>(exponent)) * (1.0 + exp2Error)));
  float const sum = 1.0f + power;
  float const sigmoid = flush(static_cast<float>(1.0 / static_cast<double>(flush(sum)) * (1.0 + reciprocalError)));
  return x * sigmoid;
}

/// A right kernel passes whatever the slope: inputs around the bend, as the driver draws them, and of all magnitudes.
void checkEmulatedKernels() {
  constexpr double kError = 0x1p-22;
  Op const& op = *findOp("swish");
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> bend(-130.0, 130.0), drawn(-8.0, 8.0), magnitude(-140.0, 125.0);
  for (char const* const text : {"1e-3", "0.01", "1", "-1", "10", "1e3", "1e6", "-1e6"}) {
    Attributes attributes(op.info().fields);
    CHECK(attributes.set("beta", text));
    auto const beta = static_cast<float>(attributes.numberAt(0));
    for (ElementType const type : kElementTypes) {
      Tolerance const tolerance = op.tolerance(attributes, type);
      long wrong = 0;
      for (int round = 0; round < 8000; ++round) {
        double const large = std::exp2(magnitude(random));
        for (double const candidate : {bend(random) / static_cast<double>(beta), drawn(random), large, -large}) {
          double const x = roundToType(type, candidate);
          if (!std::isfinite(x)) continue;
          double const expected = swish(text, x);
          for (double const first : {-kError, kError}) {
            for (double const second : {-kError, kError}) {
              double const actual = roundToType(type, static_cast<double>(emulatedSwish(beta, static_cast<float>(x), first, second)));
              wrong += !withinTolerance(actual, expected, type, tolerance);
            }
          }
        }
      }
      CHECK_DETAIL(wrong == 0, std::string("beta=") + text + " " + elementTypeName(type) + ": " + std::to_string(wrong) + " wrong");
    }
  }
}

/// A steep sigmoid bends where results are tiny: those that a wrong kernel leaves at zero must not pass.
void checkSteepSlopes() {
  Op const& op = *findOp("swish");
  Attributes attributes(op.info().fields);
  CHECK(attributes.set("beta", "1e6"));
  for (ElementType const type : {ElementType::kFloat32, ElementType::kBFloat16}) {
    Tolerance const tolerance = op.tolerance(attributes, type);
    CHECK(!withinTolerance(0.0, swish("1e6", 5e-8), type, tolerance) && !withinTolerance(0.0, swish("1e6", -2e-6), type, tolerance));
  }
  CHECK(!withinTolerance(0.0, swish("1e6", 2e-7), ElementType::kFloat16, op.tolerance(attributes, ElementType::kFloat16)));
}

}  // namespace

int main() {
  checkValues();
  checkTolerance();
  checkEmulatedKernels();
  checkSteepSlopes();
  return test::checks().finish("swish");
}
