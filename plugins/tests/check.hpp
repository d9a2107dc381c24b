/// @file
/// A test harness of one header: checks count, failures print where and what, the exit status tells.
#pragma once

#include <cstdio>
#include <string>

namespace profiler::plugins::test {

class Checks {
 public:
  void that(bool passed, char const* expression, char const* file, int line, std::string const& detail = "") {
    ++mCount;
    if (!passed) {
      ++mFailures;
      std::fprintf(stderr, "%s:%d: failed: %s%s%s\n", file, line, expression, detail.empty() ? "" : ": ", detail.c_str());
    }
  }

  /// Prints the totals; the exit status of the test program.
  int finish(char const* name) const {
    std::printf("%s: %ld checks, %ld failed\n", name, mCount, mFailures);
    return mFailures == 0 && mCount > 0 ? 0 : 1;
  }

 private:
  long mCount = 0;
  long mFailures = 0;
};

/// The checks of this test program.
inline Checks& checks() {
  static Checks instance;
  return instance;
}

}  // namespace profiler::plugins::test

#define CHECK(expression) ::profiler::plugins::test::checks().that(static_cast<bool>(expression), #expression, __FILE__, __LINE__)
#define CHECK_DETAIL(expression, detail) \
  ::profiler::plugins::test::checks().that(static_cast<bool>(expression), #expression, __FILE__, __LINE__, detail)
/// Holds when an outcome failed and its reason contains the text.
#define CHECK_REFUSED(outcome, text)                                                                                                       \
  do {                                                                                                                                     \
    ::profiler::plugins::Outcome const checkedOutcome = (outcome);                                                                         \
    ::profiler::plugins::test::checks().that(!checkedOutcome && checkedOutcome.reason.find(text) != std::string::npos, #outcome, __FILE__, \
                                             __LINE__, "reason: " + checkedOutcome.reason);                                                \
  } while (false)
