/// Order statistics of samples and the rule that ends a measurement. Pure functions, no clock and no device.
#pragma once

#include <cstdint>
#include <vector>

namespace profiler::core {

/// Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
///
/// Args:
///     samples: durations in ns, any order; must not be empty.
///     probability: 0 to 1.
double quantile(std::vector<std::int64_t> samples, double probability);

double median(std::vector<std::int64_t> const& samples);

struct MedianInterval {
  double low;
  double high;
};

/// Distribution-free 95 % interval of the median from order statistics (sign test, normal approximation of the
/// binomial ranks). Source: Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2.
MedianInterval medianInterval(std::vector<std::int64_t> samples);

/// True when the median is known well enough: the half-width of its 95 % interval and the drift between the medians of
/// the first and the second half are both at most `tolerance` of the median. False below 20 samples.
bool isMedianStable(std::vector<std::int64_t> const& samples, double tolerance);

}  // namespace profiler::core
