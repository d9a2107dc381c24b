/// @file
/// Ops, their attribute tables and their launches as JSON, for programs in other languages.
#pragma once

#include <string>

#include "op.hpp"

namespace profiler::plugins {

/// Every built-in op: `{"abi_version": 1, "namespace": "profiler", "ops": [{"name", "plugin_name", "version", "summary",
/// "input_count", "output_count", "elementwise", "types", "variants", "fields": [{"name", "type", "help", "default", "minimum",
/// "maximum", "step", "allowed", "choices", "launch_only"}]}]}`.
std::string opsJson();

/// One launch: `{"kernel", "symbol", "grid", "block", "dynamic_shared_memory_bytes", "items_per_thread", "access_bytes", "attributes",
/// "resolved", "note", "refusal", "bytes_per_iteration", "workspace_bytes", "tolerance_abs", "tolerance_rel"}`. `attributes` are as
/// asked, `resolved` after `auto` was replaced; the latter is null when the launch is refused.
std::string launchJson(Op const& op, Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs,
                       TensorView const* outputs);

}  // namespace profiler::plugins
