#include "files.hpp"

#include <fcntl.h>
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

void writeAll(int file, std::string const& content, std::string const& path) {
  for (std::size_t at = 0; at < content.size();) {
    ssize_t const written = ::write(file, content.data() + at, content.size() - at);
    if (written < 0 && errno != EINTR) {
      int const error = errno;
      ::close(file);
      ::unlink(path.c_str());
      fail(path, error);
    }
    if (written > 0) at += static_cast<std::size_t>(written);
  }
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
  int const file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) fail(temporary, errno);
  writeAll(file, content, temporary);
  int const synced = isDurable ? ::fsync(file) : 0;
  int const closed = ::close(file);
  if (synced != 0 || closed != 0 || std::rename(temporary.c_str(), path.c_str()) != 0) {
    int const error = errno;
    ::unlink(temporary.c_str());
    fail(path, error);
  }
}

}  // namespace profiler::core
