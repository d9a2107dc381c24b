/// @file
/// Validation, parsing and printing of attribute values.
#include "attributes.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace profiler::plugins {
namespace {

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string nearestHint(std::string_view name, std::vector<std::string_view> const& candidates) {
  std::string const nearest = nearestName(name, candidates);
  return nearest.empty() ? std::string() : ", did you mean " + quoted(nearest) + "?";
}

std::string unknownText(FieldTable fields, std::string_view name) {
  std::vector<std::string_view> names;
  std::string known;
  for (Field const& field : fields) {
    names.emplace_back(field.name);
    known += (known.empty() ? "" : ", ") + std::string(field.name);
  }
  std::string const hint = nearestHint(name, names);
  return "unknown attribute " + quoted(name) + (hint.empty() ? ", expected one of " + known : hint);
}

template <typename Number>
bool parseNumber(std::string_view text, double& value) {
  Number parsed{};
  auto const result = std::from_chars(text.data(), text.data() + text.size(), parsed);
  value = static_cast<double>(parsed);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool parseChoice(Field const& field, std::string_view text, double& value) {
  auto const* const found = std::find(field.choices.begin(), field.choices.end(), text);
  value = static_cast<double>(found - field.choices.begin());
  return found != field.choices.end();
}

bool inDomain(Field const& field, double value) {
  if (field.type == FieldType::kChoice) {
    return value >= 0 && value < static_cast<double>(field.choices.size()) && value == std::floor(value);
  }
  if (!(value >= field.minimum && value <= field.maximum)) {  // also refuses NaN
    return false;
  }
  if (field.type == FieldType::kFloat32) return std::isfinite(static_cast<float>(value));
  if (value != std::floor(value)) return false;
  auto const integer = static_cast<int64_t>(value);
  bool const listed = std::find(field.allowed.begin(), field.allowed.end(), integer) != field.allowed.end();
  return field.allowed.empty() ? integer % field.step == 0 : listed;
}

}  // namespace

Attributes::Attributes(FieldTable fields) noexcept : mFields{fields.items, std::min<int64_t>(fields.count, kMaxFields)} {
  for (int32_t index = 0; index < mFields.size(); ++index) mValues[index] = mFields[index].defaultValue;
}

int32_t Attributes::indexOf(std::string_view name) const noexcept {
  for (int32_t index = 0; index < mFields.size(); ++index) {
    if (name == mFields[index].name) return index;
  }
  return -1;
}

Outcome Attributes::set(std::string_view name, std::string_view text) {
  int32_t const index = indexOf(name);
  if (index < 0) return Outcome::failure(unknownText(mFields, name));
  Field const& field = mFields[index];
  double value = 0.0;
  bool const parsed = field.type == FieldType::kChoice  ? parseChoice(field, text, value)
                      : field.type == FieldType::kInt32 ? parseNumber<int64_t>(text, value)
                                                        : parseNumber<double>(text, value);
  if (!parsed || !inDomain(field, value)) {
    std::string const hint = nearestHint(text, {field.choices.begin(), field.choices.end()});
    return Outcome::failure("attribute " + quoted(name) + ": found " + quoted(text) + ", expected " + describeDomain(field) + hint);
  }
  mValues[index] = field.type == FieldType::kFloat32 ? static_cast<double>(static_cast<float>(value)) : value;
  return Outcome::success();
}

Outcome Attributes::set(std::vector<std::pair<std::string, std::string>> const& pairs, bool complete) {
  Attributes updated = *this;
  bool seen[kMaxFields] = {};
  for (auto const& [name, text] : pairs) {
    Outcome outcome = updated.set(name, text);
    if (!outcome) return outcome;
    bool& before = seen[indexOf(name)];
    if (before) return Outcome::failure("attribute " + quoted(name) + " is given twice");
    before = true;
  }
  for (int32_t index = 0; complete && index < mFields.size(); ++index) {
    if (!seen[index]) return Outcome::failure("the attribute " + quoted(mFields[index].name) + " is missing, expected all of the op");
  }
  *this = updated;
  return Outcome::success();
}

Outcome Attributes::parse(std::string_view text, bool complete) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (size_t position = 0; position < text.size();) {
    size_t const end = std::min(text.find_first_of(" ,", position), text.size());
    std::string_view const pair = text.substr(position, end - position);
    position = end + 1;
    if (pair.empty()) continue;
    size_t const equals = pair.find('=');
    if (equals == std::string_view::npos) return Outcome::failure("found " + quoted(pair) + ", expected name=value");
    pairs.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
  }
  return set(pairs, complete);
}

std::string Attributes::textAt(int32_t index) const {
  if (mFields[index].type == FieldType::kChoice) return choiceAt(index);
  if (mFields[index].type == FieldType::kInt32) return std::to_string(integerAt(index));
  char text[32];  // in the fewest digits that give the float32 back
  return {text, std::to_chars(text, text + sizeof text, static_cast<float>(mValues[index])).ptr};
}

std::string Attributes::text() const {
  std::string joined;
  for (int32_t index = 0; index < mFields.size(); ++index) {
    joined += (joined.empty() ? "" : " ") + std::string(mFields[index].name) + "=" + textAt(index);
  }
  return joined;
}

}  // namespace profiler::plugins
