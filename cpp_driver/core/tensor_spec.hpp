/// Name, shape and type of a tensor at the border of a workload.
#pragma once

#include <string>

#include "point.hpp"

namespace profiler::core {

struct TensorSpec {
  std::string name;
  Extents shape;
  plugins::ElementType type = plugins::ElementType::kFloat32;
  bool isInput = false;

  std::int64_t elementCount() const { return elementCountOf(shape); }
  std::size_t elementBytes() const { return static_cast<std::size_t>(plugins::elementSizeBytes(type)); }
  std::size_t sizeBytes() const { return static_cast<std::size_t>(elementCount()) * elementBytes(); }
};

}  // namespace profiler::core
