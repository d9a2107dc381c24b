// How a sweep ends and how it goes on in a new process: the program replaces itself once, as the driver does after a lost GPU context.
#include "session.hpp"

#include "tests/check.hpp"

namespace {

using namespace profiler::driver;

PointRecord record(char const* status) { return PointRecord(Json{{"status", status}}); }

void exitCodes() {
  CHECK(exitCodeOf({record("ok"), record("skipped")}) == ExitCode::kOk);
  CHECK(exitCodeOf({record("ok"), record("failed")}) == ExitCode::kRunFailed);
  CHECK(exitCodeOf({record("failed"), record("wrong_output"), record("ok")}) == ExitCode::kWrongOutput);
  CHECK(exitCodeOf({record("skipped")}) == ExitCode::kRunFailed);
  CHECK(exitCodeOf({}) == ExitCode::kRunFailed);
}

std::vector<PointRecord> finishedPoints() {
  return {PointRecord(Json{{"label", "op=a \"x\""}, {"status", "ok"}, {"engine", "direct"}, {"engine_digest", nullptr}}),
          PointRecord(Json{{"label", "b"}, {"status", "failed"}, {"engine", nullptr}, {"engine_digest", "sha256:1"}})};
}

void findsEarlierPoints(std::vector<PointRecord> const& found) {
  auto const expected = finishedPoints();
  CHECK(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size() && i < expected.size(); ++i) {
    CHECK(found[i].json == expected[i].json && found[i].status == expected[i].status);
    CHECK(found[i].engine == expected[i].engine && found[i].engineDigest == expected[i].engineDigest);
  }
  CHECK(takeEarlierPoints().empty());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> const words(argv, argv + argc);
  auto const earlier = takeEarlierPoints();
  if (earlier.empty()) continueInNewProcess(finishedPoints(), words);
  CHECK(words.size() == 2 && words[1] == "an argument");
  findsEarlierPoints(earlier);
  exitCodes();
  return profiler::plugins::test::checks().finish("session");
}
