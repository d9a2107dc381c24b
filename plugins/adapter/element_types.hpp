/// @file
/// Element types in TensorRT's terms, for adapters and driver.
#pragma once

#include <NvInferRuntime.h>

#include <optional>

#include "../contract/element_type.hpp"

namespace profiler::plugins::adapter {

/// TensorRT's type for ours; absent where this version has none (bf16 and int64 before 10).
inline std::optional<nvinfer1::DataType> dataType(ElementType type) {
  using Type = ElementType;
  switch (type) {
    case Type::kFloat32: return nvinfer1::DataType::kFLOAT;
    case Type::kFloat16: return nvinfer1::DataType::kHALF;
    case Type::kInt32: return nvinfer1::DataType::kINT32;
    case Type::kInt8: return nvinfer1::DataType::kINT8;
    case Type::kUint8: return nvinfer1::DataType::kUINT8;
    case Type::kBool: return nvinfer1::DataType::kBOOL;
#if NV_TENSORRT_MAJOR >= 10
    case Type::kBFloat16: return nvinfer1::DataType::kBF16;
    case Type::kInt64: return nvinfer1::DataType::kINT64;
#endif
    default: return std::nullopt;
  }
}

/// Our type for TensorRT's; absent for what is none of ours (FP8, INT4, …).
inline std::optional<ElementType> elementTypeOf(nvinfer1::DataType type) {
  for (std::int32_t code = 0; code < kElementTypeCount; ++code) {
    auto const candidate = static_cast<ElementType>(code);
    if (dataType(candidate) == type) return candidate;
  }
  return std::nullopt;
}

}  // namespace profiler::plugins::adapter
