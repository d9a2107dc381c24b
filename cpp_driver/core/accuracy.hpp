/// Accumulates the differences between actual and expected elements. Pure arithmetic; parts from several threads can be merged.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

#include "contract/op.hpp"

namespace profiler::core {

/// Differences over pairs in which both values are finite; pairs that differ in NaN or infinity count as failures of their own.
class Accuracy {
 public:
  Accuracy(plugins::ElementType type, plugins::Tolerance tolerance) : mType(type), mTolerance(tolerance) {}

  void add(std::int64_t index, double actual, double expected);
  void merge(Accuracy const& other);

  struct Worst {
    std::int64_t index;
    double expected, actual;
  };

  std::int64_t count() const { return mCount; }
  std::int64_t failedCount() const { return mFailed; }
  bool passed() const { return mFailed == 0; }
  std::optional<double> maxAbs() const { return of(mFinite, mMaxAbs); }
  std::optional<double> meanAbs() const { return of(mFinite, mSumAbs / static_cast<double>(mFinite)); }
  /// Relative figures leave out elements whose expected value is 0.
  std::optional<double> maxRel() const { return of(mRelative, mMaxRel); }
  std::optional<double> meanRel() const { return of(mRelative, mSumRel / static_cast<double>(mRelative)); }
  std::optional<double> rootMeanSquare() const { return of(mFinite, std::sqrt(mSumSquares / static_cast<double>(mFinite))); }
  std::optional<double> cosine() const;
  /// The element with the largest difference in units of its tolerance; a non-finite mismatch beats every finite one.
  std::optional<Worst> const& worst() const { return mWorst; }
  plugins::Tolerance tolerance() const { return mTolerance; }

 private:
  /// A figure over `count` elements, which is none of none.
  static std::optional<double> of(std::int64_t count, double figure) { return count ? std::optional(figure) : std::nullopt; }
  double excess(double actual, double expected) const;
  double allowed(double expected) const;
  void offerWorst(double excess, Worst const& candidate);

  plugins::ElementType mType;
  plugins::Tolerance mTolerance;
  std::int64_t mCount = 0, mFailed = 0, mFinite = 0, mRelative = 0;
  double mMaxAbs = 0.0, mSumAbs = 0.0, mMaxRel = 0.0, mSumRel = 0.0, mSumSquares = 0.0;
  double mDot = 0.0, mActualSquares = 0.0, mExpectedSquares = 0.0;
  double mWorstExcess = -1.0;
  std::optional<Worst> mWorst;
};

}  // namespace profiler::core
