/// @file
/// Field collections that a creator must refuse, each with a part of the reason that it must log. Shared by the tests of both adapters.
#pragma once

#include <NvInferRuntime.h>

#include <cstdint>
#include <string>
#include <vector>

namespace profiler::plugins::test {

struct MalformedFields {
  std::string what;
  std::vector<nvinfer1::PluginField> fields;
  char const* reason;
};

/// Values that the fields below point to.
struct FieldValues {
  int32_t block = 128;
  int32_t oddBlock = 100;
  float beta = 1.5f;
  float notANumber = 0.0f / 0.0f;
  int32_t integer = 2;
  char variant[12] = "vectorized";
  char wrongVariant[12] = "vectorised";
  char wave[9] = "one_wave";
};

inline std::vector<MalformedFields> malformedFields(FieldValues const& values) {
  using nvinfer1::PluginFieldType;
  return {
      {"unknown name", {{"blokc", &values.block, PluginFieldType::kINT32, 1}}, "did you mean 'block'"},
      {"no name", {{nullptr, &values.block, PluginFieldType::kINT32, 1}}, "no name"},
      {"null data", {{"block", nullptr, PluginFieldType::kINT32, 1}}, "null"},
      {"text for a number", {{"block", values.variant, PluginFieldType::kCHAR, 10}}, "expected one int32"},
      {"float for an integer", {{"block", &values.beta, PluginFieldType::kFLOAT32, 1}}, "expected one int32"},
      {"two values", {{"block", &values.block, PluginFieldType::kINT32, 2}}, "length 2"},
      {"no value", {{"block", &values.block, PluginFieldType::kINT32, 0}}, "length 0"},
      {"negative length", {{"variant", values.variant, PluginFieldType::kCHAR, -1}}, "expected text"},
      {"endless text", {{"variant", values.variant, PluginFieldType::kCHAR, 1 << 30}}, "expected text"},
      {"number for a choice", {{"variant", &values.integer, PluginFieldType::kINT32, 1}}, "expected text"},
      {"wrong word", {{"variant", values.wrongVariant, PluginFieldType::kCHAR, 10}}, "did you mean 'vectorized'"},
      {"out of range", {{"block", &values.oddBlock, PluginFieldType::kINT32, 1}}, "steps of 32"},
      {"not a number", {{"beta", &values.notANumber, PluginFieldType::kFLOAT32, 1}}, "'beta'"},
      {"twice", {{"block", &values.block, PluginFieldType::kINT32, 1}, {"block", &values.block, PluginFieldType::kINT32, 1}}, "twice"},
      {"contradiction",
       {{"variant", values.variant, PluginFieldType::kCHAR, 10}, {"grid", values.wave, PluginFieldType::kCHAR, 8}},
       "needs variant=grid_stride"},
  };
}

}  // namespace profiler::plugins::test
