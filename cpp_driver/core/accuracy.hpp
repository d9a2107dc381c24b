/// Accumulates the differences between actual and expected elements. Pure arithmetic; parts from several threads can be merged.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "contract/op.hpp"

namespace profiler::core {

/// Differences over pairs in which both values are finite; pairs that differ in NaN or infinity count as failures of their own.
class Accuracy {
 public:
  Accuracy(plugins::ElementType type, plugins::Tolerance tolerance) : mType(type), mTolerance(tolerance) {}

  void add(std::int64_t index, double actual, double expected) {
    constexpr double kNearly = 1.0 - 1e-12;  // the product below is rounded
    ++mCount;
    if (!plugins::withinTolerance(actual, expected, mType, mTolerance)) ++mFailed;
    bool const isFinite = std::isfinite(actual) && std::isfinite(expected);
    double const difference = std::fabs(actual - expected);
    // most elements are not the worst: the division that ranks them exactly is left to those that may be
    if (!isFinite || !mWorst || difference >= kNearly * mWorstExcess * allowed(expected)) {
      offerWorst(excess(actual, expected), {index, expected, actual});
    }
    if (!isFinite) return;
    ++mFinite;
    mMaxAbs = std::max(mMaxAbs, difference);
    mSumAbs += difference;
    mSumSquares += difference * difference;
    mDot += actual * expected;
    mActualSquares += actual * actual;
    mExpectedSquares += expected * expected;
    if (expected != 0.0) {
      double const relative = difference / std::fabs(expected);
      ++mRelative;
      mMaxRel = std::max(mMaxRel, relative);
      mSumRel += relative;
    }
  }
  void merge(Accuracy const& other) {
    mCount += other.mCount;
    mFailed += other.mFailed;
    mFinite += other.mFinite;
    mRelative += other.mRelative;
    mMaxAbs = std::max(mMaxAbs, other.mMaxAbs);
    mSumAbs += other.mSumAbs;
    mMaxRel = std::max(mMaxRel, other.mMaxRel);
    mSumRel += other.mSumRel;
    mSumSquares += other.mSumSquares;
    mDot += other.mDot;
    mActualSquares += other.mActualSquares;
    mExpectedSquares += other.mExpectedSquares;
    if (other.mWorst) offerWorst(other.mWorstExcess, *other.mWorst);
  }

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
  std::optional<double> cosine() const {
    double const norms = std::sqrt(mActualSquares) * std::sqrt(mExpectedSquares);
    return norms > 0.0 ? std::optional(std::clamp(mDot / norms, -1.0, 1.0)) : std::nullopt;
  }
  /// The element with the largest difference in units of its tolerance; a non-finite mismatch beats every finite one.
  std::optional<Worst> const& worst() const { return mWorst; }
  plugins::Tolerance tolerance() const { return mTolerance; }

 private:
  /// A figure over `count` elements, which is none of none.
  static std::optional<double> of(std::int64_t count, double figure) { return count ? std::optional(figure) : std::nullopt; }
  /// Difference in units of the tolerance; infinite for a non-finite mismatch, 0 for equal values however strict the tolerance.
  double excess(double actual, double expected) const {
    if (!std::isfinite(actual) || !std::isfinite(expected)) {
      return plugins::withinTolerance(actual, expected, mType, mTolerance) ? 0.0 : std::numeric_limits<double>::infinity();
    }
    double const difference = std::fabs(actual - expected);
    if (difference == 0.0) return 0.0;
    return std::min(difference / allowed(expected), std::numeric_limits<double>::max());
  }
  /// Never 0: a tolerance of 0 must not make a finite difference look like a NaN.
  double allowed(double expected) const {
    return std::max(mTolerance.absolute + mTolerance.relative * std::fabs(expected), std::numeric_limits<double>::min());
  }
  void offerWorst(double candidateExcess, Worst const& candidate) {
    // Ties go to the lowest index, so that the answer does not depend on how threads shared the work.
    bool const lower = mWorst && candidateExcess == mWorstExcess && candidate.index < mWorst->index;
    if (candidateExcess > mWorstExcess || lower) {
      mWorstExcess = candidateExcess;
      mWorst = candidate;
    }
  }

  plugins::ElementType mType;
  plugins::Tolerance mTolerance;
  std::int64_t mCount = 0, mFailed = 0, mFinite = 0, mRelative = 0;
  double mMaxAbs = 0.0, mSumAbs = 0.0, mMaxRel = 0.0, mSumRel = 0.0, mSumSquares = 0.0;
  double mDot = 0.0, mActualSquares = 0.0, mExpectedSquares = 0.0;
  double mWorstExcess = -1.0;
  std::optional<Worst> mWorst;
};

}  // namespace profiler::core
