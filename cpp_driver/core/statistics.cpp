#include "statistics.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace profiler::core {
namespace {

constexpr std::size_t kLeastSamples = 20;
constexpr double kNormalQuantile975 = 1.959963984540054;

double quantileOfSorted(std::vector<std::int64_t> const& sorted, double probability) {
  double const position = probability * static_cast<double>(sorted.size() - 1);
  auto const below = static_cast<std::size_t>(position);
  std::size_t const above = std::min(below + 1, sorted.size() - 1);
  double const fraction = position - static_cast<double>(below);
  double const low = static_cast<double>(sorted[below]);
  return low + fraction * (static_cast<double>(sorted[above]) - low);
}

void requireSamples(std::vector<std::int64_t> const& samples) {
  if (samples.empty()) throw std::invalid_argument("a statistic of no samples");
}

}  // namespace

double quantile(std::vector<std::int64_t> samples, double probability) {
  requireSamples(samples);
  std::sort(samples.begin(), samples.end());
  return quantileOfSorted(samples, probability);
}

double median(std::vector<std::int64_t> const& samples) { return quantile(samples, 0.5); }

MedianInterval medianInterval(std::vector<std::int64_t> samples) {
  requireSamples(samples);
  std::sort(samples.begin(), samples.end());
  double const n = static_cast<double>(samples.size());
  double const reach = kNormalQuantile975 * std::sqrt(n) / 2.0;
  double const low = std::max(0.0, std::floor(n / 2.0 - reach) - 1.0);
  double const high = std::min(n - 1.0, std::ceil(n / 2.0 + reach));
  return {static_cast<double>(samples[static_cast<std::size_t>(low)]), static_cast<double>(samples[static_cast<std::size_t>(high)])};
}

bool isMedianStable(std::vector<std::int64_t> const& samples, double tolerance) {
  if (samples.size() < kLeastSamples) return false;
  double const middle = median(samples);
  MedianInterval const interval = medianInterval(samples);
  auto const half = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  double const drift = std::fabs(median({samples.begin(), half}) - median({half, samples.end()}));
  return (interval.high - interval.low) / 2.0 <= tolerance * middle && drift <= tolerance * middle;
}

}  // namespace profiler::core
