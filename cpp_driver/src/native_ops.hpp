/// The ops that TensorRT's own layers (and the device copy) compute: attributes, reference and tolerance. No TensorRT header.
#pragma once

#include <string>
#include <vector>

#include "contract/attributes.hpp"
#include "contract/op.hpp"

namespace profiler::driver {

struct NativeOp {
  char const* name;  ///< With the prefix: `native_relu`.
  char const* summary;
  plugins::FieldTable fields;
  /// The value of one output element.
  double (*reference)(plugins::Attributes const& attributes, double x);
  /// Whether the result is one of the input values, so that any difference is wrong.
  bool exact;
};

std::vector<NativeOp> const& nativeOps();
/// Finds by full name; null when there is none.
NativeOp const* findNativeOp(std::string const& name);

/// Tolerance of a native layer's result. TensorRT may compute a 16-bit pointwise network in 16 bits throughout: a sigmoid near 1 is
/// then off by half a unit in its last place (2^-12 in fp16, 2^-9 in bf16), and silu multiplies that by inputs of up to 8. Doubled for
/// the rounding of the product.
plugins::Tolerance nativeTolerance(NativeOp const& op, plugins::ElementType type);

}  // namespace profiler::driver
