/// @file
/// The native layers without a plugin, and the list of all.
#include <algorithm>
#include <cmath>

#include "native.hpp"
#include "registry.hpp"

namespace profiler::plugins {
namespace {

using Kind = NativeLayer::Kind;

constexpr NativeLayer kRelu[] = {{Kind::kRelu, "relu", {0}}};
constexpr NativeLayer kSigmoid[] = {{Kind::kSigmoid, "sigmoid", {0}}};
constexpr NativeLayer kIdentity[] = {{Kind::kIdentity, "identity", {0}}};

double relu(Attributes const&, double x) { return x > 0.0 ? x : 0.0; }
double sigmoid(Attributes const&, double x) { return 1.0 / (1.0 + std::exp(-x)); }
double identity(Attributes const&, double x) { return x; }

constexpr NativeOp kWithoutPlugin[] = {
    {"native_identity", "y = x, IIdentityLayer", {kIdentity, 1}, identity, kExact},
    {"native_relu", "y = max(x, 0), IActivationLayer", {kRelu, 1}, relu, kExact},
    {"native_sigmoid", "y = 1 / (1 + exp(-x)), IActivationLayer", {kSigmoid, 1}, sigmoid, kActivation},
};

std::vector<NativeOp const*> listNativeOps() {
  std::vector<NativeOp const*> ops;
  for (NativeOp const& op : kWithoutPlugin) ops.push_back(&op);
  for (Op const* const op : allOps()) {
    if (op->native() != nullptr) ops.push_back(op->native());
  }
  auto const byName = [](NativeOp const* left, NativeOp const* right) { return std::string_view(left->name) < right->name; };
  std::sort(ops.begin(), ops.end(), byName);
  return ops;
}

}  // namespace

std::vector<NativeOp const*> const& nativeOps() {
  static std::vector<NativeOp const*> const ops = listNativeOps();
  return ops;
}

NativeOp const* findNativeOp(std::string_view name) {
  auto const& ops = nativeOps();
  auto const found = std::find_if(ops.begin(), ops.end(), [name](NativeOp const* op) { return name == op->name; });
  return found == ops.end() ? nullptr : *found;
}

}  // namespace profiler::plugins
