#include "statistics.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace profiler::driver {
namespace {

constexpr std::size_t kLeastSamples = 20;
constexpr double kNormalQuantile975 = 1.959963984540054;

double quantileOfSorted(const std::vector<std::int64_t>& sorted, double probability) {
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double fraction = position - static_cast<double>(below);
  const double low = static_cast<double>(sorted[below]);
  return low + fraction * (static_cast<double>(sorted[above]) - low);
}

void requireSamples(const std::vector<std::int64_t>& samples) {
  if (samples.empty()) throw std::invalid_argument("a statistic of no samples");
}

}  // namespace

double quantile(std::vector<std::int64_t> samples, double probability) {
  requireSamples(samples);
  std::sort(samples.begin(), samples.end());
  return quantileOfSorted(samples, probability);
}

double median(const std::vector<std::int64_t>& samples) { return quantile(samples, 0.5); }

MedianInterval medianInterval(std::vector<std::int64_t> samples) {
  requireSamples(samples);
  std::sort(samples.begin(), samples.end());
  const double n = static_cast<double>(samples.size());
  const double reach = kNormalQuantile975 * std::sqrt(n) / 2.0;
  const double low = std::max(0.0, std::floor(n / 2.0 - reach) - 1.0);
  const double high = std::min(n - 1.0, std::ceil(n / 2.0 + reach));
  return {static_cast<double>(samples[static_cast<std::size_t>(low)]),
      static_cast<double>(samples[static_cast<std::size_t>(high)])};
}

bool isMedianStable(const std::vector<std::int64_t>& samples, double tolerance) {
  if (samples.size() < kLeastSamples) return false;
  const double middle = median(samples);
  const MedianInterval interval = medianInterval(samples);
  const auto half = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  const double drift = std::fabs(median({samples.begin(), half}) - median({half, samples.end()}));
  return (interval.high - interval.low) / 2.0 <= tolerance * middle && drift <= tolerance * middle;
}

}  // namespace profiler::driver
