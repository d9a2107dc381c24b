/// References of built-in ops, native layers and copies, behind the interface that verification uses.
#pragma once

#include <memory>

#include "native_ops.hpp"
#include "contract/op.hpp"
#include "workload.hpp"

namespace profiler::driver {

std::unique_ptr<Reference> makeOpReference(const plugins::Op& op, const plugins::Attributes& attributes);
std::unique_ptr<Reference> makeNativeReference(const NativeOp& op, const plugins::Attributes& attributes);
std::unique_ptr<Reference> makeCopyReference();

/// Shape of the contract from extents.
plugins::Shape contractShape(const Extents& extents);

/// Attributes of a field table from the texts of a point. Throws Unsupported with the reason for a refused value.
plugins::Attributes readAttributes(plugins::FieldTable fields, const std::vector<NamedText>& texts);

}  // namespace profiler::driver
