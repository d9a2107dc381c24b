/// @file
/// Attributes to plugin fields and back. Reading trusts nothing but the pointers' validity.
#include <algorithm>
#include <cstring>
#include <string>

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
double numberOf(PluginField const& field) noexcept {
  T value;
  std::memcpy(&value, field.data, sizeof value);  // the pointer need not be aligned
  return static_cast<double>(value);
}

bool readNumber(PluginField const& field, FieldType type, double& value) noexcept {
  if (field.length != 1) return false;
  switch (field.type) {
    case PluginFieldType::kINT32: value = numberOf<int32_t>(field); return true;
#if NV_TENSORRT_MAJOR >= 10
    case PluginFieldType::kINT64: value = numberOf<int64_t>(field); return true;
#endif
    case PluginFieldType::kFLOAT32: value = numberOf<float>(field); return type == FieldType::kFloat32;
    case PluginFieldType::kFLOAT64: value = numberOf<double>(field); return type == FieldType::kFloat32;
    default: return false;
  }
}

Outcome readChoice(PluginField const& field, Attributes& attributes) {
  if (field.type != PluginFieldType::kCHAR || field.length < 1 || field.length > kMaxTextLength) {
    return Outcome::failure("attribute '" + std::string(field.name) + "': expected text of 1 to " + std::to_string(kMaxTextLength) +
                            " characters");
  }
  std::string_view text(static_cast<char const*>(field.data), static_cast<size_t>(field.length));
  if (text.back() == '\0') {  // some callers count the closing zero
    text.remove_suffix(1);
  }
  return attributes.set(field.name, text);
}

Outcome readField(PluginField const& field, Attributes& attributes) {
  int32_t const index = attributes.indexOf(field.name);
  if (index < 0) return attributes.set(field.name, "");
  std::string const name = "attribute '" + std::string(field.name) + "'";
  if (field.data == nullptr) return Outcome::failure(name + ": the data pointer is null");
  FieldType const type = attributes.fields()[index].type;
  if (type == FieldType::kChoice) return readChoice(field, attributes);
  double value = 0.0;
  if (!readNumber(field, type, value)) {
    return Outcome::failure(name + ": found plugin field type " + std::to_string(static_cast<int32_t>(field.type)) + " of length " +
                            std::to_string(field.length) + ", expected one " + fieldTypeName(type));
  }
  return attributes.setNumber(field.name, value);
}

}  // namespace

PluginFields::PluginFields(Attributes const& attributes) noexcept {
  auto const count = static_cast<int32_t>(attributes.fields().size());
  for (int32_t index = 0; index < count; ++index) {
    Field const& field = attributes.fields()[index];
    if (field.type == FieldType::kChoice) {
      char const* const word = attributes.choiceAt(index);
      mFields[index] = PluginField(field.name, word, PluginFieldType::kCHAR, static_cast<int32_t>(std::strlen(word)));
      continue;
    }
    mIntegers[index] = attributes.integerAt(index);
    mReals[index] = static_cast<float>(attributes.numberAt(index));
    bool const integer = field.type == FieldType::kInt32;
    void const* const data = integer ? static_cast<void const*>(&mIntegers[index]) : &mReals[index];
    mFields[index] = PluginField(field.name, data, pluginFieldType(field.type), 1);
  }
  mCollection.nbFields = count;
  mCollection.fields = mFields;
}

FieldNames::FieldNames(FieldTable fields) noexcept {
  auto const count = static_cast<int32_t>(std::min<int64_t>(fields.size(), kMaxFields));
  for (int32_t index = 0; index < count; ++index) {
    mFields[index] = PluginField(fields[index].name, nullptr, pluginFieldType(fields[index].type), 1);
  }
  mCollection.nbFields = count;
  mCollection.fields = mFields;
}

Outcome readFields(Op const& op, nvinfer1::PluginFieldCollection const* collection, bool complete, Attributes& attributes) {
  if (collection == nullptr || collection->nbFields < 0 || (collection->nbFields > 0 && collection->fields == nullptr)) {
    return Outcome::failure("the field collection is null or malformed");
  }
  Attributes read(op.info().fields);
  bool seen[kMaxFields] = {};
  for (int32_t position = 0; position < collection->nbFields; ++position) {
    PluginField const& field = collection->fields[position];
    if (field.name == nullptr) return Outcome::failure("field " + std::to_string(position) + " has no name");
    Outcome outcome = readField(field, read);
    if (!outcome) return outcome;
    bool& before = seen[read.indexOf(field.name)];
    if (before) return Outcome::failure("attribute '" + std::string(field.name) + "' is given twice");
    before = true;
  }
  for (int32_t index = 0; complete && index < read.fields().size(); ++index) {
    if (!seen[index]) return Outcome::failure("serialised data lack the attribute '" + std::string(read.fields()[index].name) + "'");
  }
  Outcome outcome = checkAttributes(op, read);
  if (outcome) attributes = read;
  return outcome;
}

Outcome checkAttributes(Op const& op, Attributes const& attributes) {
  char const* const contradiction = op.contradiction(attributes);
  return contradiction == nullptr ? Outcome::success() : Outcome::failure(contradiction);
}

}  // namespace profiler::plugins::adapter
