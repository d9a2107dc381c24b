/// @file
/// What TensorRT's own layers compute: the baselines that plugins are measured against. Layers are data, without a TensorRT header.
#pragma once

#include <string_view>
#include <vector>

#include "op.hpp"

namespace profiler::plugins {

/// One layer; its operands are tensors of the network: the inputs first, then the result of each layer before it.
struct NativeLayer {
  enum class Kind { kRelu, kSigmoid, kIdentity, kSum, kProduct, kConstant };
  Kind kind;
  char const* name;          ///< Of the layer in the network.
  int32_t operands[2] = {};  ///< As many as the kind takes. kConstant: the position of the attribute that holds the value.
};

/// A network of TensorRT's own layers. All strings and tables are static.
struct NativeOp {
  char const* name;  ///< With the prefix: `native_relu`.
  char const* summary;
  Span<NativeLayer const> layers;
  /// The value of one output element.
  double (*reference)(Attributes const& attributes, double x);
  Tolerances tolerances;
  FieldTable fields{};
};

/// A result that is one of the input values: any difference is wrong.
inline constexpr Tolerances kExact{};
/// One rounding of an exact sum.
inline constexpr Tolerances kOneRounding{{0.0, 0x1p-22}, {0x1p-24, 0x1p-10}, {0.0, 0x1p-7}};
/// A sigmoid in the layer's own precision, and the rounding of its product. TensorRT may compute a 16-bit pointwise network in 16 bits
/// throughout: the sigmoid, its product and what lies between are each rounded, which was seen to add up to 2^-8.3 of the result in fp16.
inline constexpr Tolerances kActivation{{1e-7, 2e-6}, {0x1p-14, 0x1p-8}, {0x1p-12, 0x1p-5}};

/// Those of every op that has one, and the plain activations that no plugin computes; ordered by name.
std::vector<NativeOp const*> const& nativeOps();
/// Finds by full name; null when there is none.
NativeOp const* findNativeOp(std::string_view name);

/// The attributes as the network holds them: constants are of the tensors' type.
inline Attributes roundedAttributes(Attributes const& attributes, ElementType type) noexcept {
  Attributes rounded = attributes;
  for (int32_t index = 0; index < attributes.fields().size(); ++index) {
    if (attributes.fields()[index].type == FieldType::kFloat32) {
      rounded.store(index, roundToType(type, attributes.numberAt(index)));
    }
  }
  return rounded;
}

}  // namespace profiler::plugins
