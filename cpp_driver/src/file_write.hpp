/// Writes files so that a reader, or an interruption, never sees half of one.
#pragma once

#include <string>

namespace profiler::driver {

/// Writes to a temporary name beside the file, then renames. Throws Error(kFileMissing) when it cannot be written.
void writeFileAtomically(std::string const& path, std::string const& content);

}  // namespace profiler::driver
