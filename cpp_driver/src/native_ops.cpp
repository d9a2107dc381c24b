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
      {"native_add_scalar", "y = x + scalar, IConstantLayer and IElementWiseLayer", {kScalarFields, 1}, referenceAddScalar, false},
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
  if (op.exact) return {0.0, 0.0};
  switch (type) {
    case plugins::ElementType::kFloat16: return {0x1p-8, 0x1p-8};
    case plugins::ElementType::kBFloat16: return {0x1p-5, 0x1p-5};
    default: return {1e-6, 1e-5};
  }
}

}  // namespace profiler::driver
