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
  bool isSum = false;  ///< One addition: a single rounding is all that may be off.
};

std::vector<NativeOp> const& nativeOps();
/// Finds by full name; null when there is none.
NativeOp const* findNativeOp(std::string const& name);

/// Tolerance of a native layer's result. TensorRT may compute a 16-bit pointwise network in 16 bits throughout: the sigmoid, its
/// product and what lies between are each rounded, which was seen to add up to 2^-8.3 of the result in fp16.
plugins::Tolerance nativeTolerance(NativeOp const& op, plugins::ElementType type);

/// The attributes as the network holds them: constants are of the tensors' type.
plugins::Attributes roundedAttributes(plugins::Attributes const& attributes, plugins::ElementType type);

}  // namespace profiler::driver
