/// @file
/// Attributes to plugin fields and back. Reading trusts nothing but the pointers' validity.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "adapter_common.hpp"

namespace profiler::plugins::adapter {
namespace {

using nvinfer1::PluginField;
using nvinfer1::PluginFieldType;

constexpr PluginFieldType pluginFieldType(FieldType type) noexcept {
  return type == FieldType::kInt32     ? PluginFieldType::kINT32
         : type == FieldType::kFloat32 ? PluginFieldType::kFLOAT32
                                       : PluginFieldType::kCHAR;
}

/// Longest word a choice may have; a longer length is refused before it is read.
constexpr int32_t kMaxTextLength = 256;

template <typename T>
std::string numberText(PluginField const& field) {
  T value;
  std::memcpy(&value, field.data, sizeof value);  // the pointer need not be aligned
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// One number as text; empty when the field holds none of its type.
std::string readNumber(PluginField const& field, FieldType type) {
  bool const real = type == FieldType::kFloat32;
  if (field.length != 1) return {};
  switch (field.type) {
    case PluginFieldType::kINT32: return numberText<int32_t>(field);
#if NV_TENSORRT_MAJOR >= 10
    case PluginFieldType::kINT64: return numberText<int64_t>(field);
#endif
    case PluginFieldType::kFLOAT32: return real ? numberText<float>(field) : std::string();
    case PluginFieldType::kFLOAT64: return real ? numberText<double>(field) : std::string();
    default: return {};
  }
}

/// The word of a choice; some callers count the closing zero. Empty when the field holds no text.
std::string readText(PluginField const& field) {
  if (field.type != PluginFieldType::kCHAR || field.length < 1 || field.length > kMaxTextLength) return {};
  std::string text(static_cast<char const*>(field.data), static_cast<size_t>(field.length));
  if (text.back() == '\0') text.pop_back();
  return text;
}

/// Appends the field's name and value; what no attribute is called is left to those who set it.
Outcome readField(PluginField const& field, Attributes const& known, std::vector<std::pair<std::string, std::string>>& pairs) {
  if (field.name == nullptr) return Outcome::failure("field " + std::to_string(pairs.size()) + " has no name");
  int32_t const index = known.indexOf(field.name);
  std::string const& name = pairs.emplace_back(field.name, "").first;
  if (index < 0) return Outcome::success();
  if (field.data == nullptr) return Outcome::failure("attribute '" + name + "': the data pointer is null");
  FieldType const type = known.fields()[index].type;
  bool const choice = type == FieldType::kChoice;
  pairs.back().second = choice ? readText(field) : readNumber(field, type);
  if (!pairs.back().second.empty()) return Outcome::success();
  return Outcome::failure(
      "attribute '" + name + "': found plugin field type " + std::to_string(static_cast<int32_t>(field.type)) + " of length " +
      std::to_string(field.length) + ", expected " +
      (choice ? "text of 1 to " + std::to_string(kMaxTextLength) + " characters" : std::string("one ") + fieldTypeName(type)));
}

}  // namespace

PluginFields::PluginFields(FieldTable fields) noexcept {
  mCollection = {static_cast<int32_t>(std::min<int64_t>(fields.size(), kMaxFields)), mFields};
  for (int32_t index = 0; index < mCollection.nbFields; ++index) {
    mFields[index] = PluginField(fields[index].name, nullptr, pluginFieldType(fields[index].type), 1);
  }
}

PluginFields::PluginFields(Attributes const& attributes) noexcept : PluginFields(attributes.fields()) {
  for (int32_t index = 0; index < mCollection.nbFields; ++index) {
    PluginField& field = mFields[index];
    mIntegers[index] = attributes.integerAt(index);
    mReals[index] = static_cast<float>(attributes.numberAt(index));
    switch (attributes.fields()[index].type) {
      case FieldType::kInt32: field.data = &mIntegers[index]; break;
      case FieldType::kFloat32: field.data = &mReals[index]; break;
      case FieldType::kChoice:
        field.data = attributes.choiceAt(index);
        field.length = static_cast<int32_t>(std::strlen(attributes.choiceAt(index)));
        break;
    }
  }
}

Outcome readFields(Op const& op, nvinfer1::PluginFieldCollection const* collection, bool complete, Attributes& attributes) {
  if (collection == nullptr || collection->nbFields < 0 || (collection->nbFields > 0 && collection->fields == nullptr)) {
    return Outcome::failure("the field collection is null or malformed");
  }
  Attributes read(op.info().fields);
  std::vector<std::pair<std::string, std::string>> pairs;
  Outcome outcome;
  for (int32_t position = 0; outcome && position < collection->nbFields; ++position) {
    outcome = readField(collection->fields[position], read, pairs);
  }
  if (outcome) outcome = read.set(pairs, complete);
  if (outcome) outcome = checkAttributes(op, read);
  if (outcome) attributes = read;
  return outcome;
}

Outcome checkAttributes(Op const& op, Attributes const& attributes) {
  char const* const contradiction = op.contradiction(attributes);
  return contradiction == nullptr ? Outcome::success() : Outcome::failure(contradiction);
}

}  // namespace profiler::plugins::adapter
