/// @file
/// Element conversions, shapes, attributes, serialised attributes and the registry. Needs no GPU.
#include "contract/contract.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "changed_attributes.hpp"
#include "check.hpp"
#include "contract/attribute_bytes.hpp"

using namespace profiler::plugins;
using namespace profiler::plugins::test;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Every 16-bit pattern must survive the way to double and back, NaNs as some NaN.
void checkHalfRoundTrip(ElementType type) {
  long wrong = 0;
  for (uint32_t pattern = 0; pattern < 0x10000; ++pattern) {
    auto const bits = static_cast<uint16_t>(pattern);
    double const value = loadElement(type, &bits, 0);
    uint16_t back = 0;
    storeElement(type, &back, 0, value);
    bool const same = std::isnan(value) ? std::isnan(loadElement(type, &back, 0)) : back == bits;
    wrong += !same || (!std::isnan(value) && roundToType(type, value) != value);
  }
  CHECK_DETAIL(wrong == 0, std::to_string(wrong) + " patterns of " + elementTypeName(type));
}

void checkRounding() {
  CHECK(roundToType(ElementType::kFloat16, 65504.0) == 65504.0);
  CHECK(roundToType(ElementType::kFloat16, 65519.9) == 65504.0);
  CHECK(roundToType(ElementType::kFloat16, 65520.0) == kInfinity);
  CHECK(roundToType(ElementType::kFloat16, -70000.0) == -kInfinity);
  CHECK(roundToType(ElementType::kFloat16, 1.0 + 0x1p-11) == 1.0);                      // tie to even
  CHECK(roundToType(ElementType::kFloat16, 1.0 + 0x3p-11) == 1.0 + 0x1p-9);             // tie to even, upwards
  CHECK(roundToType(ElementType::kFloat16, 1.0 + 0x1p-11 + 0x1p-40) == 1.0 + 0x1p-10);  // would be a tie after float32
  CHECK(roundToType(ElementType::kFloat16, 0x1p-24) == 0x1p-24);
  CHECK(roundToType(ElementType::kFloat16, 0x1p-25) == 0.0);
  CHECK(roundToType(ElementType::kFloat16, 0x1.8p-25) == 0x1p-24);
  CHECK(roundToType(ElementType::kBFloat16, 1.0 + 0x1p-8) == 1.0);
  CHECK(roundToType(ElementType::kBFloat16, 3.4e38) == kInfinity);
  CHECK(roundToType(ElementType::kFloat32, 1.0 + 0x1p-30) == 1.0);
  CHECK(std::signbit(roundToType(ElementType::kFloat16, -1e-30)));
  ElementType type = ElementType::kFloat32;
  CHECK(parseElementType("bf16", type) && type == ElementType::kBFloat16);
  CHECK(!parseElementType("fp8", type) && type == ElementType::kBFloat16);
}

void checkShapes() {
  CHECK((Shape{0, {}}.elementCount() == 1));
  CHECK((Shape{2, {65536, 1024}}.elementCount() == 67108864));
  CHECK((Shape{3, {5, 0, 7}}.elementCount() == 0));
  CHECK((Shape{2, {int64_t{1} << 40, int64_t{1} << 40}}.elementCount() == -1));
  CHECK((Shape{3, {int64_t{1} << 40, int64_t{1} << 40, 0}}.elementCount() == 0));
  CHECK((Shape{1, {-1}}.elementCount() == -1));
  CHECK((Shape{1, {kMaxElements}}.elementCount() == kMaxElements) && (Shape{2, {kMaxElements, 2}}.elementCount() == -1));
  CHECK((Shape{1, {int64_t{1} << 61}}.elementCount() == -1));
  CHECK((Shape{9, {}}.elementCount() == -1));
  CHECK((Shape{2, {3, 4}} == Shape{2, {3, 4}}) && (Shape{2, {3, 4}} != Shape{2, {4, 3}}) && (Shape{1, {3}} != Shape{2, {3, 1}}));
}

void checkAttributeParsing() {
  Op const& op = *findOp("swish");
  Attributes attributes(op.info().fields);
  CHECK(attributes.set("beta", "1.5") && attributes.numberAt(attributes.indexOf("beta")) == 1.5);
  CHECK(attributes.set("block", "512") && attributes.integerAt(attributes.indexOf("block")) == 512);
  CHECK(attributes.set("variant", "grid_stride") && std::string(attributes.choiceAt(attributes.indexOf("variant"))) == "grid_stride");
  CHECK_REFUSED(attributes.set("blokc", "512"), "did you mean 'block'");
  CHECK_REFUSED(attributes.set("variant", "vectorised"), "did you mean 'vectorized'");
  CHECK_REFUSED(attributes.set("block", "100"), "0 to 1024 in steps of 32");
  CHECK_REFUSED(attributes.set("block", "2048"), "found '2048'");
  CHECK_REFUSED(attributes.set("block", "-32"), "expected 0 to 1024");
  CHECK_REFUSED(attributes.set("block", "256x"), "found '256x'");
  CHECK_REFUSED(attributes.set("block", ""), "found ''");
  CHECK_REFUSED(attributes.set("block", "99999999999999999999"), "expected 0 to 1024");
  CHECK_REFUSED(attributes.set("items", "3"), "one of 0, 1, 2, 4, 8");
  for (char const* const text : {"nan", "inf", "", "1,5", "1e999", " 1", "1 ", "0x10"}) CHECK_DETAIL(!attributes.set("beta", text), text);
  CHECK_REFUSED(attributes.set("block", "64.5"), "'block'");
  CHECK_REFUSED(attributes.set("variant", "2"), "'variant'");
  CHECK(attributes.text() == "beta=1.5 variant=grid_stride block=512 items=0 grid=auto cache=auto");
}

void checkAttributePairs() {
  Op const& op = *findOp("add_scalar");
  Attributes attributes(op.info().fields);
  CHECK(attributes.parse("block=64,items=2  scalar=0.1"));
  Attributes again(op.info().fields);
  CHECK(again.parse(attributes.text()) && again.text() == attributes.text());
  CHECK(attributes.textAt(0) == "0.1");
  CHECK_REFUSED(again.parse("block=128 nonsense"), "expected name=value");
  CHECK_REFUSED(again.parse("block=128 items=1 block=128"), "'block' is given twice");
  CHECK_REFUSED(again.parse("block=64", true), "'scalar' is missing");
  CHECK_DETAIL(again.text() == attributes.text(), "a refused list must change nothing");
}

void checkBytes(Op const& op) {
  OpInfo const& info = op.info();
  Attributes const attributes = changedAttributes(op);
  std::string const bytes = attributesToBytes(info, attributes);
  Attributes read(info.fields);
  CHECK(attributesFromBytes(info, bytes.data(), bytes.size(), read) && read.text() == attributes.text());
  for (size_t length = 0; length < bytes.size(); ++length) {
    std::string const cut = bytes.substr(0, length);  // its own allocation, so that a sanitizer sees a read past the end
    CHECK_DETAIL(!attributesFromBytes(info, cut.data(), cut.size(), read), "cut to " + std::to_string(length));
  }
  for (size_t position = 0; position < bytes.size(); ++position) {
    std::string altered = bytes;
    altered[position] = static_cast<char>(altered[position] ^ 0x20);
    CHECK_DETAIL(!attributesFromBytes(info, altered.data(), altered.size(), read), "altered at " + std::to_string(position));
  }
  CHECK_REFUSED(attributesFromBytes(info, (bytes + "x").data(), bytes.size() + 1, read), "extended");
  CHECK_REFUSED(attributesFromBytes(info, nullptr, 0, read), "null");
  CHECK_DETAIL(read.text() == attributes.text(), "refused bytes must change nothing");
}

std::string littleEndian(uint32_t value) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<char>((value >> shift) & 0xff));
  return bytes;
}

/// A header with the right length and checksum around any body: what only somebody who knows the layout can make.
std::string forge(std::string const& body) {
  uint32_t hash = 2166136261u;
  for (char const byte : body) hash = (hash ^ static_cast<unsigned char>(byte)) * 16777619u;
  return "PATT" + littleEndian(1) + littleEndian(static_cast<uint32_t>(16 + body.size())) + littleEndian(hash) + body;
}

void checkForgedBytes() {
  OpInfo const& info = findOp("swish")->info();
  Attributes read(info.fields);
  auto const text = [](std::string const& content) { return littleEndian(static_cast<uint32_t>(content.size())) + content; };
  auto const refused = [&](std::string const& body) {
    std::string const bytes = forge(body);
    return attributesFromBytes(info, bytes.data(), bytes.size(), read);
  };
  std::string const all = "beta=2 variant=auto block=64 items=0 grid=auto cache=auto";
  CHECK(refused(text("swish") + text("1") + text(all)));  // the forgery itself works
  CHECK_REFUSED(refused(text("swish") + text("1") + text("")), "'beta' is missing");
  CHECK_REFUSED(refused(text("swish") + text("1") + text("beta=2")), "'variant' is missing");
  CHECK_REFUSED(refused(text("swish") + text("1") + text(all + " beta=3")), "'beta' is given twice");
  CHECK_REFUSED(refused(""), "malformed");
  CHECK_REFUSED(refused(littleEndian(0xffffffffu) + "swish"), "malformed");
  CHECK_REFUSED(refused(text("swish") + littleEndian(2) + "1"), "malformed");
  CHECK_REFUSED(refused(text("swish") + text("1") + text("") + "x"), "malformed");
  CHECK_REFUSED(refused(text("swish") + text("1") + text("blokc=64")), "did you mean 'block'");
  CHECK_REFUSED(refused(text("swish") + text("1") + text("block=65")), "steps of 32");
}

void checkForeignBytes() {
  OpInfo const& swish = findOp("swish")->info();
  OpInfo const& addScalar = findOp("add_scalar")->info();
  std::string const bytes = attributesToBytes(swish, Attributes(swish.fields));
  Attributes read(addScalar.fields);
  CHECK_REFUSED(attributesFromBytes(addScalar, bytes.data(), bytes.size(), read), "belong to swish version 1");
  OpInfo newer = swish;
  newer.version = "2";
  CHECK_REFUSED(attributesFromBytes(newer, bytes.data(), bytes.size(), read), "expected swish version 2");
}

/// Q of attention, its heads packed with those of K and V, to heads of a size of their own beside one statistic a row.
class Packed final : public Op {
 public:
  OpInfo const& info() const noexcept override {
    static constexpr OutputRule kOutputs[] = {{0, 0}, {1, 0}};
    static constexpr OpInfo kInfo{"packed", "Packed", "1", "", {}, {kElementTypes, 3}, 2, {kOutputs, 2}};
    return kInfo;
  }
  OutputShape outputShape(Attributes const& attributes, int32_t output, int32_t const* inputRanks) const noexcept override {
    if (output == 1) return Op::outputShape(attributes, output, inputRanks);
    return {4, {{0, 0}, {1, 1}, {0, inputRanks[0] - 1, 2, 3}, {-1, 0, 64}}};
  }
  LaunchConfig describeLaunch(Attributes const&, DeviceInfo const&, TensorView const*, TensorView const*) const noexcept override {
    return {};
  }
  void reference(Attributes const&, Shape const*, double const* const*, double* const*) const override {}
  Tolerance tolerance(Attributes const&, ElementType) const noexcept override { return {}; }
};

void checkOutputShapes() {
  Packed const op;
  TensorView inputs[2];
  TensorView outputs[2];
  inputs[0] = {ElementType::kFloat16, {3, {2, 5, 100}}, nullptr};
  inputs[1] = {ElementType::kFloat16, {2, {2, 7}}, nullptr};
  op.describeOutputs({}, inputs, outputs);
  CHECK((outputs[0].shape == Shape{4, {2, 7, 67, 64}}) && outputs[0].type == ElementType::kFloat16);  // 2 * 100 / 3, rounded up
  CHECK((outputs[1].shape == Shape{2, {2, 7}}));
  inputs[0].shape.dims[2] = kMaxElements;
  op.describeOutputs({}, inputs, outputs);
  CHECK(outputs[0].elementCount() == -1);
}

/// A table that is too long is refused where ops are listed, and does no harm where it is used all the same.
void checkOversizedTable() {
  std::vector<Field> fields;
  std::vector<std::string> names;
  for (int index = 0; index < kMaxFields + 1; ++index) names.push_back("field" + std::to_string(index));
  for (std::string const& name : names) {
    fields.push_back({name.c_str(), FieldType::kInt32, "", 7, 0, 9});
  }
  OpInfo info = findOp("swish")->info();
  CHECK(checkOpInfo(info));
  info.fields = {fields.data(), static_cast<int64_t>(fields.size())};
  CHECK_REFUSED(checkOpInfo(info), "found 17 attributes, expected at most 16");
  Attributes attributes(info.fields);
  CHECK(attributes.fields().size() == kMaxFields && attributes.numberAt(kMaxFields - 1) == 7);
  CHECK_REFUSED(attributes.set("field16", "1"), "unknown attribute");
  CHECK_REFUSED(attributes.set("nothing like it", "1"), "expected one of field0");
  info.fields.count = kMaxFields;
  CHECK(checkOpInfo(info));
  info.inputCount = kMaxTensors + 1;
  CHECK_REFUSED(checkOpInfo(info), "found 9 inputs and 1 outputs, expected 1 to 8");
}

void checkRegistry() {
  CHECK(allOps().size() >= 2);
  std::set<std::string> names;
  for (Op const* const op : allOps()) {
    OpInfo const& info = op->info();
    CHECK_DETAIL(names.insert(info.name).second && names.insert(info.pluginName).second, info.name);
    CHECK_DETAIL(findOp(info.name) == op && findOp(info.pluginName) == op, info.name);
    CHECK_DETAIL(checkOpInfo(info), info.name);
    for (Field const& field : info.fields) {
      Attributes defaults(info.fields);
      CHECK_DETAIL(defaults.set(field.name, defaults.textAt(defaults.indexOf(field.name))), field.name);
      CHECK_DETAIL(std::strlen(field.help) > 0, field.name);
    }
    checkBytes(*op);
  }
  CHECK(findOp("swich") == nullptr && nearestOpName("swich") == "swish");
  CHECK(nearestOpName("convolution").empty());
}

}  // namespace

int main() {
  checkHalfRoundTrip(ElementType::kFloat16);
  checkHalfRoundTrip(ElementType::kBFloat16);
  checkRounding();
  checkShapes();
  checkAttributeParsing();
  checkAttributePairs();
  checkForeignBytes();
  checkForgedBytes();
  checkOversizedTable();
  checkOutputShapes();
  checkRegistry();
  return test::checks().finish("contract");
}
