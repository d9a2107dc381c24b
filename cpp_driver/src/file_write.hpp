/// Writes files so that a reader, or an interruption, never sees half of one.
#pragma once

#include <string>

namespace profiler::driver {

/// Writes to a temporary name beside the file, then renames. Throws Error(kFileMissing) when it cannot be written.
void writeFileAtomically(const std::string& path, const std::string& content);

}  // namespace profiler::driver
