#include "accuracy.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace profiler::core {
namespace {

constexpr double kNearly = 1.0 - 1e-12;  // the product below is rounded

}  // namespace

void Accuracy::add(std::int64_t index, double actual, double expected) {
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

void Accuracy::merge(Accuracy const& other) {
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

/// Difference in units of the tolerance; infinite for a non-finite mismatch, 0 for equal values however strict the tolerance.
double Accuracy::excess(double actual, double expected) const {
  if (!std::isfinite(actual) || !std::isfinite(expected)) {
    return plugins::withinTolerance(actual, expected, mType, mTolerance) ? 0.0 : std::numeric_limits<double>::infinity();
  }
  double const difference = std::fabs(actual - expected);
  if (difference == 0.0) return 0.0;
  return std::min(difference / allowed(expected), std::numeric_limits<double>::max());
}

/// Never 0: a tolerance of 0 must not make a finite difference look like a NaN.
double Accuracy::allowed(double expected) const {
  return std::max(mTolerance.absolute + mTolerance.relative * std::fabs(expected), std::numeric_limits<double>::min());
}

void Accuracy::offerWorst(double candidateExcess, Worst const& candidate) {
  // Ties go to the lowest index, so that the answer does not depend on how threads shared the work.
  bool const lower = mWorst && candidateExcess == mWorstExcess && candidate.index < mWorst->index;
  if (candidateExcess > mWorstExcess || lower) {
    mWorstExcess = candidateExcess;
    mWorst = candidate;
  }
}

std::optional<double> Accuracy::cosine() const {
  double const norms = std::sqrt(mActualSquares) * std::sqrt(mExpectedSquares);
  return norms > 0.0 ? std::optional(std::clamp(mDot / norms, -1.0, 1.0)) : std::nullopt;
}

}  // namespace profiler::core
