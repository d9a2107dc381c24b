/// The ops that TensorRT's own layers (and the device copy) compute: attributes, reference and tolerance. No TensorRT header.
#pragma once

#include <string>
#include <vector>

#include "contract/attributes.hpp"
#include "contract/op.hpp"

namespace profiler::driver {

struct NativeOp {
  const char* name;     ///< With the prefix: `native_relu`.
  const char* summary;
  plugins::FieldTable fields;
  /// The value of one output element.
  double (*reference)(const plugins::Attributes& attributes, double x);
  /// Whether the result is one of the input values, so that any difference is wrong.
  bool exact;
};

const std::vector<NativeOp>& nativeOps();
/// Finds by full name; null when there is none.
const NativeOp* findNativeOp(const std::string& name);

/// Tolerance of a native layer's result. TensorRT may compute a 16-bit pointwise network in 16 bits throughout, so intermediate
/// results are rounded too: four units in the last place of the type, against half a unit for one rounding.
plugins::Tolerance nativeTolerance(const NativeOp& op, plugins::ElementType type);

}  // namespace profiler::driver
