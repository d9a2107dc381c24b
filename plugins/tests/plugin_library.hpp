/// @file
/// Loads a plugin library the way TensorRT's registry does and collects what it logs.
#pragma once

#include <NvInferRuntime.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <vector>

#include "contract/op.hpp"

namespace profiler::plugins::test {

/// As TensorRT counts in expressions: 32 bits in 8.6.
using Extent = std::conditional_t<(NV_TENSORRT_MAJOR < 10), int32_t, int64_t>;

/// Keeps the last error that a plugin logged.
class CollectingLogger final : public nvinfer1::ILogger {
 public:
  void log(Severity severity, char const* message) noexcept override {
    mLast = severity == Severity::kERROR ? message : "not an error";
    ++mCount;
  }

  /// The last message, forgotten by asking.
  std::string take() {
    std::string last = mLast;
    mLast.clear();
    return last;
  }

 private:
  std::string mLast;
  int mCount = 0;
};

class Finder final : public nvinfer1::ILoggerFinder {
 public:
  explicit Finder(nvinfer1::ILogger& logger) : mLogger(logger) {}
  nvinfer1::ILogger* findLogger() override { return &mLogger; }

 private:
  nvinfer1::ILogger& mLogger;
};

/// An expression that is its value: nothing looks at what it points to.
inline nvinfer1::IDimensionExpr const* expressionOf(int64_t value) { return reinterpret_cast<nvinfer1::IDimensionExpr const*>(value); }
inline int64_t valueOf(nvinfer1::IDimensionExpr const* expression) { return reinterpret_cast<int64_t>(expression); }

/// Computes expressions at once.
class Expressions final : public nvinfer1::IExprBuilder {
 public:
  Expressions() { mImpl = &mComputed; }

 private:
  struct Computed final : nvinfer1::apiv::VExprBuilder {
    nvinfer1::IDimensionExpr const* constant(Extent value) noexcept override { return expressionOf(value); }
    nvinfer1::IDimensionExpr const* operation(nvinfer1::DimensionOperation operation, nvinfer1::IDimensionExpr const& first,
                                              nvinfer1::IDimensionExpr const& second) noexcept override {
      int64_t const left = valueOf(&first);
      int64_t const right = valueOf(&second);
      return expressionOf(operation == nvinfer1::DimensionOperation::kPROD ? left * right : (left + right - 1) / right);
    }
  };
  Computed mComputed;
};

/// Whether `dimsOf(output, inputs, builder)`, what a plugin answers, is what the op says of outputs for inputs of one point of a sweep.
template <typename DimsOf>
bool givesOutputShapes(Op const& op, Attributes const& attributes, DimsOf const& dimsOf) {
  TensorView inputs[kMaxTensors];
  TensorView outputs[kMaxTensors];
  bool same = op.describeInputs(attributes, Shape{3, {5, 7, 2051}}, op.info().types[0], inputs) == nullptr;
  op.describeOutputs(attributes, inputs, outputs);
  std::vector<nvinfer1::DimsExprs> dims(static_cast<size_t>(op.inputCount(attributes)));
  for (size_t index = 0; index < dims.size(); ++index) {
    Shape const& shape = inputs[index].shape;
    dims[index].nbDims = shape.rank;
    for (int32_t axis = 0; axis < shape.rank; ++axis) dims[index].d[axis] = expressionOf(shape.dims[axis]);
  }
  Expressions builder;
  for (int32_t output = 0; output < op.outputCount(attributes); ++output) {
    nvinfer1::DimsExprs const found = dimsOf(output, dims, builder);
    same = same && found.nbDims == outputs[output].shape.rank;
    for (int32_t axis = 0; same && axis < found.nbDims; ++axis) same = valueOf(found.d[axis]) == outputs[output].shape.dims[axis];
  }
  return same;
}

/// The entry points of a plugin library.
template <typename CreatorInterface>
class PluginLibrary {
 public:
  PluginLibrary(char const* path, char const* creatorsSymbol) : mHandle(dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    if (mHandle == nullptr) {
      std::fprintf(stderr, "cannot load %s: %s\n", path, dlerror());
      std::exit(1);
    }
    mSetLoggerFinder = reinterpret_cast<void (*)(nvinfer1::ILoggerFinder*)>(dlsym(mHandle, "setLoggerFinder"));
    mGetCreators = reinterpret_cast<CreatorInterface* const* (*)(int32_t&)>(dlsym(mHandle, creatorsSymbol));
    if (mSetLoggerFinder == nullptr || mGetCreators == nullptr) {
      std::fprintf(stderr, "%s lacks setLoggerFinder or %s\n", path, creatorsSymbol);
      std::exit(1);
    }
  }

  void setLoggerFinder(nvinfer1::ILoggerFinder* finder) { mSetLoggerFinder(finder); }
  CreatorInterface* const* creators(int32_t& count) { return mGetCreators(count); }

 private:
  void* mHandle;
  void (*mSetLoggerFinder)(nvinfer1::ILoggerFinder*) = nullptr;
  CreatorInterface* const* (*mGetCreators)(int32_t&) = nullptr;
};

/// Attributes as a network's author writes them: numbers typed, choices as text.
class GivenFields {
 public:
  explicit GivenFields(Attributes const& attributes) : mValues(static_cast<size_t>(attributes.fields().size())) {
    for (int32_t index = 0; index < attributes.fields().size(); ++index) {
      Field const& field = attributes.fields()[index];
      Value& value = mValues[static_cast<size_t>(index)];
      value = {attributes.integerAt(index), static_cast<float>(attributes.numberAt(index)), attributes.textAt(index)};
      using nvinfer1::PluginFieldType;
      switch (field.type) {
        case FieldType::kInt32: fields.emplace_back(field.name, &value.integer, PluginFieldType::kINT32, 1); break;
        case FieldType::kFloat32: fields.emplace_back(field.name, &value.real, PluginFieldType::kFLOAT32, 1); break;
        case FieldType::kChoice:
          fields.emplace_back(field.name, value.text.data(), PluginFieldType::kCHAR, static_cast<int32_t>(value.text.size()));
          break;
      }
    }
  }

  std::vector<nvinfer1::PluginField> fields;

 private:
  struct Value {
    int32_t integer;
    float real;
    std::string text;
  };
  std::vector<Value> mValues;
};

/// A tensor descriptor.
inline nvinfer1::PluginTensorDesc tensorDesc(nvinfer1::DataType type, nvinfer1::TensorFormat format, nvinfer1::Dims dims) {
  nvinfer1::PluginTensorDesc desc{};
  desc.type = type;
  desc.format = format;
  desc.dims = dims;
  return desc;
}

}  // namespace profiler::plugins::test
