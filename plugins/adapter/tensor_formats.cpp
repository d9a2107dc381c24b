/// @file
/// Types, shapes and formats of TensorRT in the contract's terms.
#include <algorithm>

#include "adapter_common.hpp"

namespace profiler::plugins::adapter {
namespace {

using nvinfer1::TensorFormat;

/// A format that pads or permutes. Source: `TensorFormat` in NvInferRuntimeBase.h of TensorRT 8.6 and in NvInferRuntime.h of 10.13
/// and 11.1. Formats for integers or for DLA alone have no row: kCHW4 and kCHW16 took float16 on the GPU in 8.6 only.
struct FormatRow {
  TensorFormat format;
  int32_t channelFromEnd;  ///< The vectorised dimension, counted from the end; also the smallest rank.
  int32_t vectorWidth;     ///< Elements that the channel dimension is rounded up to; 1 pads nothing.
  bool float32;
  bool float16;
  bool bfloat16;
};

constexpr FormatRow kFormats[] = {
    {TensorFormat::kCHW2, 3, 2, false, true, true},     {TensorFormat::kHWC8, 3, 8, false, true, true},
    {TensorFormat::kCHW32, 3, 32, true, true, false},   {TensorFormat::kDHWC8, 4, 8, false, true, true},
    {TensorFormat::kCDHW32, 4, 32, false, true, false}, {TensorFormat::kHWC, 3, 1, true, false, false},
    {TensorFormat::kHWC16, 3, 16, false, true, false},  {TensorFormat::kDHWC, 4, 1, true, false, false},
#if NV_TENSORRT_MAJOR < 10
    {TensorFormat::kCHW4, 3, 4, false, true, false},    {TensorFormat::kCHW16, 3, 16, false, true, false},
#endif
};

FormatRow const* findFormat(TensorFormat format) noexcept {
  for (FormatRow const& row : kFormats) {
    if (row.format == format) return &row;
  }
  return nullptr;
}

bool takesType(FormatRow const& row, ElementType type) noexcept {
  return type == ElementType::kFloat32 ? row.float32 : type == ElementType::kFloat16 ? row.float16 : row.bfloat16;
}

/// True when the channel dimension is known and fills whole vectors.
bool fillsVectors(FormatRow const& row, nvinfer1::Dims const& dims) noexcept {
  int64_t const channels = dims.d[dims.nbDims - row.channelFromEnd];
  return row.vectorWidth == 1 || (channels >= 0 && channels % row.vectorWidth == 0);
}

}  // namespace

bool toView(nvinfer1::PluginTensorDesc const& desc, void const* data, TensorView& view) noexcept {
  auto const type = elementTypeOf(desc.type);
  if (desc.dims.nbDims < 0 || desc.dims.nbDims > kMaxRank || !type) return false;
  view.type = *type;
  view.data = const_cast<void*>(data);  // ops never write through the views of inputs
  view.shape.rank = desc.dims.nbDims;
  for (int32_t axis = 0; axis < desc.dims.nbDims; ++axis) view.shape.dims[axis] = desc.dims.d[axis];
  // Before rounding, which would make a valid 0 of -1.
  if (view.elementCount() < 0) return false;
  if (desc.format != TensorFormat::kLINEAR) {
    FormatRow const* const row = findFormat(desc.format);
    if (row == nullptr || desc.dims.nbDims < row->channelFromEnd) return false;
    int64_t& channels = view.shape.dims[desc.dims.nbDims - row->channelFromEnd];
    if (channels > kMaxElements) {  // only beside an extent of 0, but rounding it up must not overflow
      return false;
    }
    channels = (channels + row->vectorWidth - 1) / row->vectorWidth * row->vectorWidth;
  }
  return view.elementCount() >= 0;
}

bool toViews(nvinfer1::PluginTensorDesc const* descs, void const* const* data, int32_t count, TensorView* views) noexcept {
  bool valid = true;
  for (int32_t index = 0; index < std::min(count, kMaxTensors); ++index) {
    valid = toView(descs[index], data == nullptr ? nullptr : data[index], views[index]) && valid;
  }
  return valid;
}

bool hasTensors(Op const& op, Attributes const& attributes, int32_t inputCount, int32_t outputCount) noexcept {
  if (inputCount == op.inputCount(attributes) && outputCount == op.outputCount(attributes)) return true;
  logError(op.info().pluginName, "the layer has a wrong number of inputs or outputs");
  return false;
}

nvinfer1::DimsExprs outputDims(Op const& op, Attributes const& attributes, int32_t output, nvinfer1::DimsExprs const* inputs,
                               nvinfer1::IExprBuilder& builder) noexcept {
  using nvinfer1::DimensionOperation;
  int32_t ranks[kMaxTensors] = {};
  std::transform(inputs, inputs + op.inputCount(attributes), ranks, [](nvinfer1::DimsExprs const& dims) { return dims.nbDims; });
  OutputShape const shape = op.outputShape(attributes, output, ranks);
  nvinfer1::DimsExprs dims{};
  dims.nbDims = shape.rank;
  for (int32_t axis = 0; axis < std::min(shape.rank, kMaxRank); ++axis) {
    OutputExtent const& extent = shape.extents[axis];
    auto const*& expression = dims.d[axis];
    expression = extent.input < 0 ? builder.constant(1) : inputs[extent.input].d[extent.axis];
    if (extent.factor != 1) expression = builder.operation(DimensionOperation::kPROD, *expression, *builder.constant(extent.factor));
    if (extent.divisor != 1) expression = builder.operation(DimensionOperation::kCEIL_DIV, *expression, *builder.constant(extent.divisor));
  }
  return dims;
}

bool supportsElementwise(Op const& op, Attributes const& attributes, nvinfer1::PluginTensorDesc const& desc) noexcept {
  auto const type = elementTypeOf(desc.type);
  if (desc.dims.nbDims > kMaxRank || !type || !op.takesType(attributes, &*type, 0)) return false;
  if (desc.format == TensorFormat::kLINEAR) return true;
  FormatRow const* const row = findFormat(desc.format);
  return row != nullptr && takesType(*row, *type) && desc.dims.nbDims >= row->channelFromEnd &&
         (op.mapsZeroToZero(attributes) || fillsVectors(*row, desc.dims));
}

}  // namespace profiler::plugins::adapter
