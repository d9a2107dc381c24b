/// @file
/// What swish computes, at values where the answer is known. Needs no GPU.
#include <cmath>
#include <limits>

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

}  // namespace

int main() {
  checkValues();
  checkTolerance();
  return test::checks().finish("swish");
}
