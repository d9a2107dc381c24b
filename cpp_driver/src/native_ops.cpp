#include "native_ops.hpp"

#include <cmath>

namespace profiler::driver {
namespace {

using plugins::Attributes;

plugins::Field const kScalarFields[] = {{"scalar", plugins::FieldType::kFloat32, "the number that is added: y = x + scalar", 1.0,
                                         -3.4028234663852886e38, 3.4028234663852886e38}};

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
double referenceRelu(Attributes const&, double x) { return x > 0.0 ? x : 0.0; }
double referenceSigmoid(Attributes const&, double x) { return sigmoid(x); }
double referenceSilu(Attributes const&, double x) { return x * sigmoid(x); }
double referenceAddScalar(Attributes const& attributes, double x) { return x + attributes.numberAt(0); }
double referenceIdentity(Attributes const&, double x) { return x; }

}  // namespace

std::vector<NativeOp> const& nativeOps() {
  static std::vector<NativeOp> const ops = {
      {"native_relu", "y = max(x, 0), IActivationLayer", {}, referenceRelu, true},
      {"native_sigmoid", "y = 1 / (1 + exp(-x)), IActivationLayer", {}, referenceSigmoid, false},
      {"native_silu", "y = x * sigmoid(x), IActivationLayer and IElementWiseLayer, fused by TensorRT", {}, referenceSilu, false},
      {"native_add_scalar", "y = x + scalar, IConstantLayer and IElementWiseLayer", {kScalarFields, 1}, referenceAddScalar, false, true},
      {"native_identity", "y = x, IIdentityLayer", {}, referenceIdentity, true},
  };
  return ops;
}

NativeOp const* findNativeOp(std::string const& name) {
  for (auto const& op : nativeOps()) {
    if (name == op.name) return &op;
  }
  return nullptr;
}

plugins::Tolerance nativeTolerance(NativeOp const& op, plugins::ElementType type) {
  using plugins::ElementType;
  if (op.exact) return {0.0, 0.0};
  if (op.isSum) {  // one rounding of an exact sum
    switch (type) {
      case ElementType::kFloat16: return {0x1p-24, 0x1p-10};
      case ElementType::kBFloat16: return {0.0, 0x1p-7};
      default: return {0.0, 0x1p-22};
    }
  }
  switch (type) {  // a sigmoid in the layer's own precision, and the rounding of its product
    case ElementType::kFloat16: return {0x1p-14, 0x1p-8};
    case ElementType::kBFloat16: return {0x1p-12, 0x1p-5};
    default: return {1e-7, 2e-6};
  }
}

plugins::Attributes roundedAttributes(plugins::Attributes const& attributes, plugins::ElementType type) {
  plugins::Attributes rounded = attributes;
  for (std::int32_t i = 0; i < attributes.fields().size(); ++i) {
    if (attributes.fields()[i].type == plugins::FieldType::kFloat32)
      plugins::AttributeOverride::store(rounded, i, plugins::roundToType(type, attributes.numberAt(i)));
  }
  return rounded;
}

}  // namespace profiler::driver
