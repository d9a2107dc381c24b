#include "tensor_spec.hpp"

#include <algorithm>
#include <array>

#include "error.hpp"

namespace profiler::core {
namespace {

constexpr std::array<char const*, 8> kTypeNames = {"fp32", "fp16", "bf16", "int64", "int32", "int8", "uint8", "bool"};

}  // namespace

char const* tensorTypeName(TensorType type) { return kTypeNames[static_cast<std::size_t>(type)]; }

TensorType parseTensorType(std::string const& name) {
  auto const found = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  if (found == kTypeNames.end())
    throw usageError("no tensor type is called '" + name + "'", "use fp32, fp16, bf16, int64, int32, int8, uint8 or bool");
  return static_cast<TensorType>(found - kTypeNames.begin());
}

plugins::Shape contractShape(Extents const& extents) {
  if (extents.size() > plugins::kMaxRank)
    throw usageError("shape " + formatShape(extents) + " has more than eight dimensions", "use at most eight");
  plugins::Shape shape;
  shape.rank = static_cast<std::int32_t>(extents.size());
  std::copy(extents.begin(), extents.end(), shape.dims);
  return shape;
}

std::size_t TensorSpec::elementBytes() const {
  switch (type) {
    case TensorType::kInt64: return 8;
    case TensorType::kFloat32:
    case TensorType::kInt32: return 4;
    case TensorType::kFloat16:
    case TensorType::kBFloat16: return 2;
    default: return 1;
  }
}

TensorType tensorType(plugins::ElementType type) {
  switch (type) {
    case plugins::ElementType::kFloat16: return TensorType::kFloat16;
    case plugins::ElementType::kBFloat16: return TensorType::kBFloat16;
    case plugins::ElementType::kInt32: return TensorType::kInt32;
    default: return TensorType::kFloat32;
  }
}

std::optional<plugins::ElementType> floatType(TensorType type) {
  switch (type) {
    case TensorType::kFloat32: return plugins::ElementType::kFloat32;
    case TensorType::kFloat16: return plugins::ElementType::kFloat16;
    case TensorType::kBFloat16: return plugins::ElementType::kBFloat16;
    default: return std::nullopt;
  }
}

}  // namespace profiler::core
