#include "references.hpp"

#include <algorithm>

#include "contract/registry.hpp"
#include "error.hpp"

namespace profiler::driver {

Reference opReference(plugins::Op const& op, plugins::Attributes const& attributes) {
  auto const compute = [&op, attributes](plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) {
    op.reference(attributes, shapes, inputs, outputs);
  };
  return {op.info().elementwise, compute, [&op, attributes](plugins::ElementType type) { return op.tolerance(attributes, type); }};
}

Reference nativeReference(plugins::NativeOp const& op, plugins::Attributes const& attributes) {
  auto const compute = [&op, attributes](plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) {
    std::transform(inputs[0], inputs[0] + shapes[0].elementCount(), outputs[0], [&](double x) { return op.reference(attributes, x); });
  };
  return {true, compute, [&op](plugins::ElementType type) { return op.tolerances.of(type); }};
}

Reference copyReference() {
  auto const compute = [](plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) {
    std::copy_n(inputs[0], shapes[0].elementCount(), outputs[0]);
  };
  return {true, compute, [](plugins::ElementType) { return plugins::Tolerance{}; }};
}

Reference referenceOf(std::string const& name, std::vector<NamedText> const& attributes) {
  if (plugins::Op const* op = plugins::findOp(name)) return opReference(*op, readAttributes(op->info().fields, attributes));
  if (plugins::NativeOp const* op = plugins::findNativeOp(name)) return nativeReference(*op, readAttributes(op->fields, attributes));
  return copyReference();
}

plugins::FieldTable fieldsOf(std::string const& name) {
  if (plugins::Op const* found = plugins::findOp(name)) return found->info().fields;
  if (plugins::NativeOp const* found = plugins::findNativeOp(name)) return found->fields;
  return {};
}

plugins::Attributes readAttributes(plugins::FieldTable fields, std::vector<NamedText> const& texts) {
  plugins::Attributes attributes(fields);
  for (auto const& [name, text] : texts)
    if (auto const outcome = attributes.set(name, text); !outcome) throw Unsupported(outcome.reason);
  return attributes;
}

}  // namespace profiler::driver
