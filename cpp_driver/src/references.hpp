/// References of built-in ops, native layers and copies, behind the interface that verification uses.
#pragma once

#include "contract/native.hpp"
#include "contract/op.hpp"
#include "point.hpp"
#include "workload.hpp"

namespace profiler::driver {

using namespace core;

Reference opReference(plugins::Op const& op, plugins::Attributes const& attributes);
Reference nativeReference(plugins::NativeOp const& op, plugins::Attributes const& attributes);
Reference copyReference();

/// Reference of the op, native layer or copy of this name, with the attributes of a point. Throws Unsupported for a refused value.
Reference referenceOf(std::string const& name, std::vector<NamedText> const& attributes);

/// Attributes of the op or native layer of this name; none for any other.
plugins::FieldTable fieldsOf(std::string const& name);

/// Attributes of a field table from the texts of a point. Throws Unsupported with the reason for a refused value.
plugins::Attributes readAttributes(plugins::FieldTable fields, std::vector<NamedText> const& texts);

}  // namespace profiler::driver
