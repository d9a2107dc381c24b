// Digests, JSON text, point labels against the cases shared with Python, and the layers of an engine inspector answer.
#include <fstream>
#include <limits>
#include <sstream>

#include "digest.hpp"
#include "file_write.hpp"
#include "json_reader.hpp"
#include "json_writer.hpp"
#include "point.hpp"
#include "profiler/point_label.hpp"
#include "random_input.hpp"
#include "refusal.hpp"

namespace {

using namespace profiler::driver;

std::string readText(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void digests() {
  // FIPS 180-4 examples and a message that ends on a block boundary.
  CHECK(digestBytes("", 0) == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digestBytes("abc", 3) == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  std::string const two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  CHECK(digestBytes(two.data(), two.size()) == "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  std::string const million(1000000, 'a');
  CHECK(digestBytes(million.data(), million.size()) == "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  Sha256 pieces;
  for (std::size_t at = 0; at < million.size(); at += 977)
    pieces.update(million.data() + at, std::min<std::size_t>(977, million.size() - at));
  CHECK("sha256:" + pieces.finish() == digestBytes(million.data(), million.size()));
  CHECK_ERROR(digestFile("/nonexistent/file"), "cannot read /nonexistent/file");
}

void jsonEscapes() {
  std::string const odd = "a\"b\\c\n\t\x01\x7f/<\xC3\xBC\xF0\x9F\x98\x80 \xFF\xC0\x80";
  JsonValue const back = parseJson(quoteJson(odd));
  CHECK(back.text == "a\"b\\c\n\t\x01\x7f/<\xC3\xBC\xF0\x9F\x98\x80 \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(parseJson("\"\\u00e9\\ud83d\\ude00\"").text == "\xC3\xA9\xF0\x9F\x98\x80");
}

void jsonNumbersAndNulls() {
  JsonWriter json;
  json.beginObject().field("nan", std::numeric_limits<double>::quiet_NaN()).field("inf", std::numeric_limits<double>::infinity());
  json.field("none", std::optional<std::int64_t>()).field("some", std::optional<std::int64_t>(0)).field("real", 0.1).field("flag", false);
  json.field("big", std::uint64_t{18446744073709551615ULL})
      .field("list", std::vector<std::int64_t>{1, -2})
      .key("empty")
      .beginArray()
      .endArray();
  json.endObject();
  JsonValue const back = parseJson(json.text());
  CHECK(back.find("nan")->kind == JsonValue::Kind::kNull && back.find("inf")->kind == JsonValue::Kind::kNull);
  CHECK(back.find("none")->kind == JsonValue::Kind::kNull && back.find("some")->text == "0");
  CHECK(back.find("real")->text == "0.1" && back.find("flag")->kind == JsonValue::Kind::kBool && !back.find("flag")->truth);
  CHECK(back.find("big")->text == "18446744073709551615");
  CHECK(back.find("list")->items.size() == 2 && back.find("list")->items[1].text == "-2" && back.find("empty")->items.empty());
}

void jsonNumberGrammar() {
  for (char const* number : {"0", "-0", "256", "1.5", "-1e-07", "1E+10", "9007199254740993"}) CHECK_DETAIL(isJsonNumber(number), number);
  for (char const* text : {"", "-", "01", "1.", ".5", "+1", "1e", "1e+", "nan", "0x10", "1 ", "256x4"})
    CHECK_DETAIL(!isJsonNumber(text), text);
}

void brokenJson() {
  for (char const* text : {"", "{", "[1,]", "{\"a\" 1}", "\"open", "1 2", "\"\\x\"", "nul"}) {
    bool refused = false;
    try {
      parseJson(text);
    } catch (JsonSyntaxError const&) {
      refused = true;
    }
    CHECK_DETAIL(refused, text);
  }
  std::string deep(100000, '[');
  bool refused = false;
  try {
    parseJson(deep);
  } catch (JsonSyntaxError const&) {
    refused = true;
  }
  CHECK(refused);
}

profiler::LabelValue labelValueOf(JsonValue const& value) {
  if (value.kind == JsonValue::Kind::kBool) return value.truth;
  if (value.kind == JsonValue::Kind::kString) return value.text;
  bool const whole = value.text.find_first_of(".eE") == std::string::npos;
  return whole ? profiler::LabelValue(std::stoll(value.text)) : profiler::LabelValue(std::stod(value.text));
}

void goldenLabels(std::string const& path) {
  JsonValue const document = parseJson(readText(path));
  JsonValue const* cases = document.find("cases");
  CHECK(cases && cases->items.size() >= 10);
  for (auto const& item : cases->items) {
    std::vector<profiler::LabelPair> pairs;
    for (auto const& pair : item.find("pairs")->items) pairs.emplace_back(pair.items.at(0).text, labelValueOf(pair.items.at(1)));
    std::string const label = profiler::pointLabel(pairs);
    CHECK_DETAIL(label == item.textOf("label"), label);
    // What was written can be read back: same pairs, reserved keys first.
    auto const decoded = parseLabel(label);
    CHECK_DETAIL(decoded.size() == pairs.size(), label);
    for (auto const& [key, value] : decoded) {
      bool found = false;
      for (auto const& pair : pairs) found = found || (pair.first == key && pair.second.text() == value);
      CHECK_DETAIL(found, key);
    }
  }
}

/// A float is written as short as it reads back, and never like another one.
void floatLabels() {
  CHECK(profiler::LabelValue(0.1f).text() == "0.1" && profiler::LabelValue(2.0f).text() == "2");
  CHECK(profiler::LabelValue(0.1234567f).text() == "0.1234567" && profiler::LabelValue(0.1234568f).text() == "0.1234568");
  CHECK(profiler::LabelValue(std::numeric_limits<float>::quiet_NaN()).text() == "nan");
}

void atomicWrites(std::string const& folder) {
  std::string const path = folder + "/atomic.json";
  writeFileAtomically(path, "first");
  writeFileAtomically(path, "second");
  CHECK(readText(path) == "second");
  CHECK_ERROR(writeFileAtomically(folder + "/missing/atomic.json", "x"), "cannot write");
}

void randomInputs() {
  double sum = 0.0, low = 0.0, high = 0.0;
  constexpr int kCount = 100000;
  for (int i = 0; i < kCount; ++i) {
    double const value = uniformFrom(mixIndex(mixSeed(1, 0), static_cast<std::uint64_t>(i)));
    sum += value;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  CHECK(low >= -8.0 && low < -7.99 && high < 8.0 && high > 7.99);
  CHECK(std::abs(sum / kCount) < 0.1);
  CHECK(mixSeed(1, 0) != mixSeed(2, 0) && mixSeed(1, 0) != mixSeed(1, 1));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  digests();
  jsonEscapes();
  jsonNumbersAndNulls();
  jsonNumberGrammar();
  brokenJson();
  goldenLabels(argv[1]);
  floatLabels();
  atomicWrites(argv[2]);
  randomInputs();
  return profiler::plugins::test::checks().finish("text");
}
