// Goes on in a new process after a lost CUDA context; declared in session.hpp.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "files.hpp"
#include "session.hpp"

namespace profiler::driver {
namespace {

// Names the file with the finished points, one JSON object a line. The environment carries it, so argv stays the user's.
constexpr char kVariable[] = "PROFILER_DRIVER_FINISHED_POINTS";

std::string temporaryFolder() {
  char const* folder = std::getenv("TMPDIR");
  return folder && *folder ? folder : "/tmp";
}

}  // namespace

std::vector<PointRecord> takeEarlierPoints() {
  std::vector<PointRecord> records;
  char const* path = std::getenv(kVariable);
  if (!path) return records;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) records.emplace_back(Json::parse(line));
  ::unlink(path);
  ::unsetenv(kVariable);
  return records;
}

void continueInNewProcess(std::vector<PointRecord> const& finished, std::vector<std::string> const& argv) {
  std::string const path = temporaryFolder() + "/profiler-driver-" + std::to_string(::getpid()) + ".points";
  std::string lines;
  for (auto const& record : finished) lines += record.json + "\n";
  writeFileAtomically(path, lines);
  ::setenv(kVariable, path.c_str(), 1);
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (auto const& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::fflush(nullptr);
  ::execv("/proc/self/exe", words.data());
  throw Error(ExitCode::kInternal, std::string("cannot start a new process after the GPU context was lost: ") + std::strerror(errno));
}

}  // namespace profiler::driver
