/// Order statistics of samples and the rule that ends a measurement. Pure functions, no clock and no device.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace profiler::core {

/// Quantile by linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
///
/// Args:
///     samples: durations in ns, any order; must not be empty.
///     probability: 0 to 1.
inline double quantile(std::vector<std::int64_t> samples, double probability) {
  if (samples.empty()) throw std::invalid_argument("a quantile of no samples");
  std::sort(samples.begin(), samples.end());
  double const position = probability * static_cast<double>(samples.size() - 1);
  auto const below = static_cast<std::size_t>(position);
  double const low = static_cast<double>(samples[below]);
  double const high = static_cast<double>(samples[std::min(below + 1, samples.size() - 1)]);
  return low + (position - static_cast<double>(below)) * (high - low);
}

inline double median(std::vector<std::int64_t> const& samples) { return quantile(samples, 0.5); }

struct MedianInterval {
  double low;
  double high;
};

/// Distribution-free 95 % interval of the median of at least one sample from order statistics (sign test, normal approximation of the
/// binomial ranks). Source: Conover, Practical Nonparametric Statistics, 3rd ed., section 3.2.
inline MedianInterval medianInterval(std::vector<std::int64_t> samples) {
  constexpr double kNormalQuantile975 = 1.959963984540054;
  if (samples.empty()) throw std::invalid_argument("an interval of no samples");
  std::sort(samples.begin(), samples.end());
  double const n = static_cast<double>(samples.size());
  double const reach = kNormalQuantile975 * std::sqrt(n) / 2.0;
  double const low = std::max(0.0, std::floor(n / 2.0 - reach) - 1.0);
  double const high = std::min(n - 1.0, std::ceil(n / 2.0 + reach));
  return {static_cast<double>(samples[static_cast<std::size_t>(low)]), static_cast<double>(samples[static_cast<std::size_t>(high)])};
}

/// True when the median is known well enough: the half-width of its 95 % interval and the drift between the medians of
/// the first and the second half are both at most `tolerance` of the median. False below 20 samples.
inline bool isMedianStable(std::vector<std::int64_t> const& samples, double tolerance) {
  constexpr std::size_t kLeastSamples = 20;
  if (samples.size() < kLeastSamples) return false;
  double const middle = median(samples);
  MedianInterval const interval = medianInterval(samples);
  auto const half = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  double const drift = std::fabs(median({samples.begin(), half}) - median({half, samples.end()}));
  return (interval.high - interval.low) / 2.0 <= tolerance * middle && drift <= tolerance * middle;
}

}  // namespace profiler::core
