/// Reads files whole, and writes them so that a reader, or an interruption, never sees half of one.
#pragma once

#include <string>

namespace profiler::core {

/// Content of a regular file. Throws Error(kFileMissing) with the hint when it cannot be read.
std::string readFile(std::string const& path, std::string const& hint);

/// Writes to a temporary name beside the file, then renames. Throws Error(kFileMissing) when it cannot be written.
///
/// Args:
///   isDurable: wait until it is on the disk, so that it outlives a loss of power too and not only a crash of the program.
void writeFileAtomically(std::string const& path, std::string const& content, bool isDurable = true);

}  // namespace profiler::core
