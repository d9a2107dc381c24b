/// @file
/// Must not compile: twelve attributes and the five launch attributes are more than a set of attributes holds.
#include "elementwise/launch_fields.hpp"

constexpr profiler::plugins::Field kOwn{};
constexpr auto kAll =
    profiler::plugins::elementwise::withLaunchFields(kOwn, kOwn, kOwn, kOwn, kOwn, kOwn, kOwn, kOwn, kOwn, kOwn, kOwn, kOwn);
