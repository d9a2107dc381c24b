/// Name, shape and type of a tensor at the border of a workload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "contract/tensor.hpp"
#include "point.hpp"

namespace profiler::core {

/// Types that a network's border may have; the float types are those that a reference can be computed for.
enum class TensorType { kFloat32, kFloat16, kBFloat16, kInt64, kInt32, kInt8, kUint8, kBool };

struct TensorSpec {
  std::string name;
  Extents shape;
  TensorType type = TensorType::kFloat32;
  bool isInput = false;

  std::int64_t elementCount() const { return elementCountOf(shape); }
  std::size_t elementBytes() const;
  std::size_t sizeBytes() const { return static_cast<std::size_t>(elementCount()) * elementBytes(); }
};

/// Name as in results: `fp32`, `int64`, `bool`.
char const* tensorTypeName(TensorType type);
/// Throws Error(kUsage) for a name that no type has.
TensorType parseTensorType(std::string const& name);
/// Shape of the ops' contract.
plugins::Shape contractShape(Extents const& extents);
TensorType tensorType(plugins::ElementType type);
std::optional<plugins::ElementType> floatType(TensorType type);

}  // namespace profiler::core
