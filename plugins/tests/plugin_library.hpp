/// @file
/// Loads a plugin library the way TensorRT's registry does and collects what it logs.
#pragma once

#include <NvInferRuntime.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "contract/attributes.hpp"

namespace profiler::plugins::test {

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

/// An expression builder that nothing asks: output shapes are copies of input shapes.
class NoExpressions final : public nvinfer1::IExprBuilder {};

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
