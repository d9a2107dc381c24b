#include "tensor_spec.hpp"

namespace profiler::driver {

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

}  // namespace profiler::driver
