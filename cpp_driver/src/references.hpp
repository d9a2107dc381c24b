/// References of built-in ops, native layers and copies, behind the interface that verification uses.
#pragma once

#include <memory>

#include "contract/op.hpp"
#include "native_ops.hpp"
#include "workload.hpp"

namespace profiler::driver {

std::unique_ptr<Reference> makeOpReference(plugins::Op const& op, plugins::Attributes const& attributes);
std::unique_ptr<Reference> makeNativeReference(NativeOp const& op, plugins::Attributes const& attributes);
std::unique_ptr<Reference> makeCopyReference();

/// Shape of the contract from extents.
plugins::Shape contractShape(Extents const& extents);

/// Attributes of a field table from the texts of a point. Throws Unsupported with the reason for a refused value.
plugins::Attributes readAttributes(plugins::FieldTable fields, std::vector<NamedText> const& texts);

}  // namespace profiler::driver
