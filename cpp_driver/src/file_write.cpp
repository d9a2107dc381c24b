#include "file_write.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "error.hpp"

namespace profiler::driver {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
  throw Error(ExitCode::kFileMissing, "cannot write " + path + ": " + std::strerror(error), "check the folder, its permissions and the free space");
}

void writeAll(int file, const std::string& content, const std::string& path) {
  for (std::size_t at = 0; at < content.size();) {
    const ssize_t written = ::write(file, content.data() + at, content.size() - at);
    if (written < 0 && errno != EINTR) {
      const int error = errno;
      ::close(file);
      ::unlink(path.c_str());
      fail(path, error);
    }
    if (written > 0) at += static_cast<std::size_t>(written);
  }
}

}  // namespace

void writeFileAtomically(const std::string& path, const std::string& content) {
  const std::string temporary = path + ".part" + std::to_string(::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) fail(temporary, errno);
  writeAll(file, content, temporary);
  const int synced = ::fsync(file);
  const int closed = ::close(file);
  if (synced != 0 || closed != 0 || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    fail(path, error);
  }
}

}  // namespace profiler::driver
