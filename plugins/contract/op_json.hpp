/// @file
/// Ops, their attribute tables and their launches as JSON, for programs in other languages and for results.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "op.hpp"

namespace profiler::plugins {

using Json = nlohmann::ordered_json;

/// `[{"name", "type", "help", "default", "domain", "minimum", "maximum", "step", "allowed", "choices", "launch_only"}]`; choices have no
/// limits.
Json fieldsJson(FieldTable fields);

/// `{"name", "plugin_name", "version", "summary", "input_count", "output_count", "elementwise", "types", "variants", "fields",
/// "baselines": {"native", "torch"}}`.
Json opJson(Op const& op);

/// Every built-in op: `{"abi_version": 1, "namespace": "profiler", "ops": [..]}`.
Json opsJson();

/// A possible launch as the record of a point has it: `{"kernel", "symbol", "grid", "block", "dynamic_shared_memory_bytes",
/// "items_per_thread", "access_bytes", "resolved", "note"}`. `resolved` are the attributes after `auto` was replaced.
Json launchFacts(LaunchConfig const& config);

/// What a launch would do: `launchFacts` and `{"cluster", "attributes", "refusal", "bytes_per_iteration", "workspace_bytes",
/// "tolerance_abs", "tolerance_rel"}`. `attributes` are as asked; what a refused launch has not is null.
Json launchJson(Op const& op, Attributes const& attributes, DeviceInfo const& device, TensorView const* inputs, TensorView const* outputs);

}  // namespace profiler::plugins
