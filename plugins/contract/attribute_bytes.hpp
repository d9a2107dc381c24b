/// @file
/// Attributes as bytes, for TensorRT versions whose plugins serialise to a buffer. Self-describing and checked on reading.
///
/// Layout, little endian: magic `PATT`, layout version (u32), length of all bytes (u32), FNV-1a hash of everything after it (u32), then
/// length-prefixed (u32) texts: op name, op version, attributes as `name=value name=value`.
#pragma once

#include <cstddef>
#include <string>

#include "op.hpp"

namespace profiler::plugins {

std::string attributesToBytes(OpInfo const& info, Attributes const& attributes);

/// Reads bytes of `attributesToBytes` into `attributes`. Bytes that are too short, too long, altered, of another op, of another
/// version, or that lack, repeat or hold an unknown or refused attribute are refused with the reason, and `attributes` stays as it was.
Outcome attributesFromBytes(OpInfo const& info, void const* data, size_t length, Attributes& attributes);

}  // namespace profiler::plugins
