#include "references.hpp"

#include <algorithm>

#include "contract/registry.hpp"
#include "error.hpp"

namespace profiler::driver {
namespace {

class OpReference : public Reference {
 public:
  OpReference(plugins::Op const& op, plugins::Attributes const& attributes) : mOp(op), mAttributes(attributes) {}
  bool elementwise() const override { return mOp.info().elementwise; }
  void compute(plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) const override {
    mOp.reference(mAttributes, shapes, inputs, outputs);
  }
  plugins::Tolerance tolerance(plugins::ElementType type) const override { return mOp.tolerance(mAttributes, type); }

 private:
  plugins::Op const& mOp;
  plugins::Attributes mAttributes;
};

class NativeReference : public Reference {
 public:
  NativeReference(plugins::NativeOp const& op, plugins::Attributes const& attributes) : mOp(op), mAttributes(attributes) {}
  bool elementwise() const override { return true; }
  void compute(plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) const override {
    std::int64_t const count = shapes[0].elementCount();
    for (std::int64_t i = 0; i < count; ++i) outputs[0][i] = mOp.reference(mAttributes, inputs[0][i]);
  }
  plugins::Tolerance tolerance(plugins::ElementType type) const override { return mOp.tolerance(type); }

 private:
  plugins::NativeOp const& mOp;
  plugins::Attributes mAttributes;
};

class CopyReference : public Reference {
 public:
  bool elementwise() const override { return true; }
  void compute(plugins::Shape const* shapes, double const* const* inputs, double* const* outputs) const override {
    std::copy_n(inputs[0], shapes[0].elementCount(), outputs[0]);
  }
  plugins::Tolerance tolerance(plugins::ElementType) const override { return {0.0, 0.0}; }
};

}  // namespace

std::unique_ptr<Reference> makeOpReference(plugins::Op const& op, plugins::Attributes const& attributes) {
  return std::make_unique<OpReference>(op, attributes);
}

std::unique_ptr<Reference> makeNativeReference(plugins::NativeOp const& op, plugins::Attributes const& attributes) {
  return std::make_unique<NativeReference>(op, attributes);
}

std::unique_ptr<Reference> makeCopyReference() { return std::make_unique<CopyReference>(); }

std::unique_ptr<Reference> makeReference(std::string const& name, std::vector<NamedText> const& attributes) {
  if (plugins::Op const* op = plugins::findOp(name)) return makeOpReference(*op, readAttributes(op->info().fields, attributes));
  if (plugins::NativeOp const* op = plugins::findNativeOp(name)) return makeNativeReference(*op, readAttributes(op->fields, attributes));
  return makeCopyReference();
}

plugins::FieldTable fieldsOf(std::string const& name) {
  if (plugins::Op const* found = plugins::findOp(name)) return found->info().fields;
  if (plugins::NativeOp const* found = plugins::findNativeOp(name)) return found->fields;
  return {};
}

plugins::Attributes readAttributes(plugins::FieldTable fields, std::vector<NamedText> const& texts) {
  plugins::Attributes attributes(fields);
  for (auto const& [name, text] : texts) {
    if (auto const outcome = attributes.set(name, text); !outcome) throw Unsupported(outcome.reason);
  }
  return attributes;
}

}  // namespace profiler::driver
