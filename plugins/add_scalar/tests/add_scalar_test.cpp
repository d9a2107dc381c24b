/// @file
/// What add_scalar computes, at values where the answer is known. Needs no GPU.
#include <cmath>

#include "contract/contract.hpp"
#include "tests/check.hpp"

using namespace profiler::plugins;

namespace {

double addScalar(char const* scalar, double x) {
  Op const& op = *findOp("add_scalar");
  Attributes attributes(op.info().fields);
  CHECK(attributes.set("scalar", scalar));
  Shape const shape{1, {1}};
  double const* const input = &x;
  double result = -1;
  double* const output = &result;
  op.reference(attributes, &shape, &input, &output);
  return result;
}

void checkValues() {
  CHECK(addScalar("0.5", 1.25) == 1.75);
  CHECK(addScalar("-3", 3.0) == 0.0);
  CHECK(addScalar("0.1", 0.0) == static_cast<double>(0.1f));
  CHECK(addScalar("1", INFINITY) == INFINITY && std::isnan(addScalar("1", std::nan(""))));
}

void checkPaddingRule() {
  Op const& op = *findOp("add_scalar");
  Attributes attributes(op.info().fields);
  CHECK(!op.mapsZeroToZero(attributes));
  CHECK(attributes.set("scalar", "0") && op.mapsZeroToZero(attributes));
}

/// The sum overflows the half type: the rounded reference is infinite, and so must the result be.
void checkOverflow() {
  Op const& op = *findOp("add_scalar");
  Tolerance const tolerance = op.tolerance(Attributes(op.info().fields), ElementType::kFloat16);
  CHECK(withinTolerance(INFINITY, 65504.0 + 100.0, ElementType::kFloat16, tolerance));
  CHECK(!withinTolerance(65504.0, 65504.0 + 100.0, ElementType::kFloat16, tolerance));
}

}  // namespace

int main() {
  checkValues();
  checkPaddingRule();
  checkOverflow();
  return test::checks().finish("add_scalar");
}
