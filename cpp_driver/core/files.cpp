#include "files.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "error.hpp"

namespace profiler::core {
namespace {

[[noreturn]] void fail(std::string const& path, int error) {
  throw Error(ExitCode::kFileMissing, "cannot write " + path + ": " + std::strerror(error),
              "check the folder, its permissions and the free space");
}

}  // namespace

std::string readFile(std::string const& path, std::string const& hint) {
  std::error_code ignored;
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path, ignored)) throw Error(ExitCode::kFileMissing, "cannot read " + path, hint);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

void writeFileAtomically(std::string const& path, std::string const& content, bool isDurable) {
  std::string const temporary = path + ".part" + std::to_string(::getpid());
  std::FILE* const file = std::fopen(temporary.c_str(), "wbe");
  if (!file) fail(temporary, errno);
  bool const isWritten = std::fwrite(content.data(), 1, content.size(), file) == content.size() && std::fflush(file) == 0 &&
                         (!isDurable || ::fsync(::fileno(file)) == 0);
  int error = isWritten ? 0 : errno;
  if (std::fclose(file) != 0 && error == 0) error = errno;
  if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return;
  ::unlink(temporary.c_str());
  fail(path, error);
}

}  // namespace profiler::core
