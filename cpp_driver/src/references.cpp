#include "references.hpp"

#include <algorithm>

#include "error.hpp"

namespace profiler::driver {
namespace {

class OpReference : public Reference {
 public:
  OpReference(const plugins::Op& op, const plugins::Attributes& attributes) : mOp(op), mAttributes(attributes) {}
  bool elementwise() const override { return mOp.info().elementwise; }
  void compute(const plugins::Shape* shapes, const double* const* inputs, double* const* outputs) const override {
    mOp.reference(mAttributes, shapes, inputs, outputs);
  }
  plugins::Tolerance tolerance(plugins::ElementType type) const override { return mOp.tolerance(mAttributes, type); }

 private:
  const plugins::Op& mOp;
  plugins::Attributes mAttributes;
};

class NativeReference : public Reference {
 public:
  NativeReference(const NativeOp& op, const plugins::Attributes& attributes) : mOp(op), mAttributes(attributes) {}
  bool elementwise() const override { return true; }
  void compute(const plugins::Shape* shapes, const double* const* inputs, double* const* outputs) const override {
    const std::int64_t count = shapes[0].elementCount();
    for (std::int64_t i = 0; i < count; ++i) outputs[0][i] = mOp.reference(mAttributes, inputs[0][i]);
  }
  plugins::Tolerance tolerance(plugins::ElementType type) const override { return nativeTolerance(mOp, type); }

 private:
  const NativeOp& mOp;
  plugins::Attributes mAttributes;
};

class CopyReference : public Reference {
 public:
  bool elementwise() const override { return true; }
  void compute(const plugins::Shape* shapes, const double* const* inputs, double* const* outputs) const override {
    std::copy_n(inputs[0], shapes[0].elementCount(), outputs[0]);
  }
  plugins::Tolerance tolerance(plugins::ElementType) const override { return {0.0, 0.0}; }
};

}  // namespace

std::unique_ptr<Reference> makeOpReference(const plugins::Op& op, const plugins::Attributes& attributes) {
  return std::make_unique<OpReference>(op, attributes);
}

std::unique_ptr<Reference> makeNativeReference(const NativeOp& op, const plugins::Attributes& attributes) {
  return std::make_unique<NativeReference>(op, attributes);
}

std::unique_ptr<Reference> makeCopyReference() { return std::make_unique<CopyReference>(); }

plugins::Shape contractShape(const Extents& extents) {
  plugins::Shape shape;
  shape.rank = static_cast<std::int32_t>(extents.size());
  std::copy(extents.begin(), extents.end(), shape.dims);
  return shape;
}

plugins::Attributes readAttributes(plugins::FieldTable fields, const std::vector<NamedText>& texts) {
  plugins::Attributes attributes(fields);
  for (const auto& [name, text] : texts) {
    if (const auto outcome = attributes.set(name, text); !outcome) throw Unsupported(outcome.reason);
  }
  return attributes;
}

}  // namespace profiler::driver
