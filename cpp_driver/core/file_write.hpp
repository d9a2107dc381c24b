/// Writes files so that a reader, or an interruption, never sees half of one.
#pragma once

#include <string>

namespace profiler::core {

/// Writes to a temporary name beside the file, then renames. Throws Error(kFileMissing) when it cannot be written.
///
/// Args:
///   isDurable: wait until it is on the disk, so that it outlives a loss of power too and not only a crash of the program.
void writeFileAtomically(std::string const& path, std::string const& content, bool isDurable = true);

}  // namespace profiler::core
