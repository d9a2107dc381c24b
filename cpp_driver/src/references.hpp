/// References of built-in ops, native layers and copies, behind the interface that verification uses.
#pragma once

#include <algorithm>

#include "contract/native.hpp"
#include "contract/registry.hpp"
#include "error.hpp"
#include "point.hpp"
#include "workload.hpp"

namespace profiler::driver {

using namespace core;

/// Attributes of the op or native layer of this name; none for any other.
inline plugins::FieldTable fieldsOf(std::string const& name) {
  if (plugins::Op const* found = plugins::findOp(name)) return found->info().fields;
  if (plugins::NativeOp const* found = plugins::findNativeOp(name)) return found->fields;
  return {};
}

/// Attributes of a field table from the texts of a point. Throws Unsupported with the reason for a refused value.
inline plugins::Attributes readAttributes(plugins::FieldTable fields, std::vector<NamedText> const& texts) {
  plugins::Attributes attributes(fields);
  for (auto const& [name, text] : texts)
    if (auto const outcome = attributes.set(name, text); !outcome) throw Unsupported(outcome.reason);
  return attributes;
}

inline Reference opReference(plugins::Op const& op, plugins::Attributes const& attributes) {
  auto const compute = [&op, attributes](plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) {
    op.reference(attributes, shapes, inputs, outputs);
  };
  return {op.info().elementwise, compute, [&op, attributes](plugins::ElementType type) { return op.tolerance(attributes, type); }};
}

inline Reference nativeReference(plugins::NativeOp const& op, plugins::Attributes const& attributes) {
  auto const compute = [&op, attributes](plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) {
    std::transform(inputs[0], inputs[0] + shapes[0].elementCount(), outputs[0], [&](double x) { return op.reference(attributes, x); });
  };
  return {true, compute, [&op](plugins::ElementType type) { return op.tolerances.of(type); }};
}

inline Reference copyReference() {
  auto const compute = [](plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) {
    std::copy_n(inputs[0], shapes[0].elementCount(), outputs[0]);
  };
  return {true, compute, [](plugins::ElementType) { return plugins::Tolerance{}; }};
}

/// Reference of the op, native layer or copy of this name, with the attributes of a point. Throws Unsupported for a refused value.
inline Reference referenceOf(std::string const& name, std::vector<NamedText> const& texts) {
  plugins::Attributes const attributes = readAttributes(fieldsOf(name), texts);
  if (plugins::Op const* op = plugins::findOp(name)) return opReference(*op, attributes);
  if (plugins::NativeOp const* op = plugins::findNativeOp(name)) return nativeReference(*op, attributes);
  return copyReference();
}

}  // namespace profiler::driver
