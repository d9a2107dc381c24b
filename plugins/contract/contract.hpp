/// @file
/// Everything an op, an adapter or a driver shares, in one include. Holds no TensorRT header.
///
/// Typical use:
/// @code
///   Op const* op = findOp("swish");
///   Attributes attributes(op->info().fields);
///   Outcome outcome = attributes.set("block", "256");         // outcome.reason says what was wrong
///   LaunchConfig config = op->describeLaunch(attributes, device, &input, &output);
///   cudaError_t error = op->launch(attributes, {device, stream}, &input, &output);
/// @endcode
#pragma once

#include "op.hpp"
#include "registry.hpp"
