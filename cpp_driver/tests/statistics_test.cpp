// Order statistics, the stop rule and the accuracy figures, against values worked out by hand.
#include "statistics.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "accuracy.hpp"
#include "tests/check.hpp"

namespace {

using namespace profiler::core;
using profiler::plugins::ElementType;

void quantilesInterpolate() {
  CHECK(quantile({40, 10, 20, 30}, 0.0) == 10.0);
  CHECK(quantile({40, 10, 20, 30}, 1.0) == 40.0);
  CHECK(quantile({40, 10, 20, 30}, 0.5) == 25.0);
  CHECK(std::fabs(quantile({10, 20, 30, 40}, 0.05) - 11.5) < 1e-9);
  CHECK(median({7}) == 7.0);
  CHECK(median({3, 1, 2}) == 2.0);
  bool refused = false;
  try {
    median({});
  } catch (std::invalid_argument const&) {
    refused = true;
  }
  CHECK(refused);
}

void intervalHoldsTheMedian() {
  std::vector<std::int64_t> samples;
  for (int i = 0; i < 100; ++i) samples.push_back(i);
  // Ranks 50 -+ 1.96 * 5, rounded outwards: the 40th to the 61st of 100, the usual table value for a sign test.
  MedianInterval const interval = medianInterval(samples);
  CHECK(interval.low == 39.0);
  CHECK(interval.high == 60.0);
  MedianInterval const single = medianInterval({5});
  CHECK(single.low == 5.0 && single.high == 5.0);
}

void stabilityNeedsSamplesPrecisionAndNoDrift() {
  CHECK(!isMedianStable(std::vector<std::int64_t>(19, 1000), 0.01));
  CHECK(isMedianStable(std::vector<std::int64_t>(20, 1000), 0.01));
  CHECK(isMedianStable(std::vector<std::int64_t>(20, 1000), 0.0));
  std::vector<std::int64_t> wide, drifting;
  for (int i = 0; i < 40; ++i) wide.push_back(i % 2 ? 900 : 1100);
  CHECK(!isMedianStable(wide, 0.01));
  // Each half is constant, so the interval is narrow enough at 2 %, but the halves differ by 3 %.
  for (int i = 0; i < 1000; ++i) drifting.push_back(i < 500 ? 1000 : 1030);
  CHECK(!isMedianStable(drifting, 0.02));
  CHECK(isMedianStable(drifting, 0.04));
}

void accuracyFigures() {
  Accuracy accuracy(ElementType::kFloat32, {0.01, 0.0});
  accuracy.add(0, 1.0, 1.0);
  accuracy.add(1, 2.5, 2.0);
  accuracy.add(2, -1.0, 0.0);
  CHECK(!accuracy.passed());
  CHECK(accuracy.count() == 3 && accuracy.failedCount() == 2);
  CHECK(accuracy.maxAbs() == 1.0 && accuracy.meanAbs() == 0.5);
  CHECK(accuracy.maxRel() == 0.25 && accuracy.meanRel() == 0.125);
  CHECK(std::fabs(*accuracy.rootMeanSquare() - std::sqrt(1.25 / 3.0)) < 1e-12);
  CHECK(std::fabs(*accuracy.cosine() - 6.0 / (std::sqrt(8.25) * std::sqrt(5.0))) < 1e-12);
  CHECK(accuracy.worst()->index == 2);
}

void nonFiniteMismatchIsWorst() {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  double const inf = std::numeric_limits<double>::infinity();
  Accuracy accuracy(ElementType::kFloat32, {0.0, 0.0});
  accuracy.add(0, 5.0, 1.0);
  accuracy.add(1, nan, 2.0);
  accuracy.add(2, nan, nan);
  accuracy.add(3, inf, inf);
  accuracy.add(4, -inf, inf);
  CHECK(accuracy.failedCount() == 3);
  CHECK(accuracy.worst()->index == 1);
  Accuracy empty(ElementType::kFloat32, {0.0, 0.0});
  CHECK(empty.passed() && !empty.maxAbs() && !empty.cosine() && !empty.worst());
}

void mergingEqualsOnePass() {
  Accuracy whole(ElementType::kFloat16, {0.0, 0x1p-11}), left = whole, right = whole;
  for (int i = 0; i < 100; ++i) {
    double const expected = i * 0.37 - 11.0;
    double const actual = expected * (i % 7 == 0 ? 1.002 : 1.0);
    whole.add(i, actual, expected);
    (i < 41 ? left : right).add(i, actual, expected);
  }
  right.merge(left);
  CHECK(right.failedCount() == whole.failedCount() && right.count() == whole.count());
  CHECK(right.worst()->index == whole.worst()->index);
  CHECK(std::fabs(*right.rootMeanSquare() - *whole.rootMeanSquare()) < 1e-15);
}

}  // namespace

int main() {
  quantilesInterpolate();
  intervalHoldsTheMedian();
  stabilityNeedsSamplesPrecisionAndNoDrift();
  accuracyFigures();
  nonFiniteMismatchIsWorst();
  mergingEqualsOnePass();
  return profiler::plugins::test::checks().finish("statistics");
}
