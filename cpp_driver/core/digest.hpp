/// SHA-256 digests of files and texts (FIPS 180-4), written `sha256:<hex>`.
#pragma once

#include <string>
#include <string_view>

namespace profiler::core {

std::string digestBytes(std::string_view bytes);
/// Digest of a file's content. Throws Error(kFileMissing) when it cannot be read.
std::string digestFile(std::string const& path);

}  // namespace profiler::core
