// Digests, JSON text, point labels against the cases shared with Python, and the seeded inputs.
#include <fstream>
#include <limits>
#include <sstream>

#include "digest.hpp"
#include "files.hpp"
#include "json.hpp"
#include "points_file.hpp"
#include "profiler/point_label.hpp"
#include "random_input.hpp"
#include "refusal.hpp"

namespace {

using namespace profiler::core;

std::string readText(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void digests() {
  // FIPS 180-4 examples and a message that ends on a block boundary.
  CHECK(digestBytes("") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digestBytes("abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  std::string const two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  CHECK(digestBytes(two) == "sha256:248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  std::string const million(1000000, 'a');
  CHECK(digestBytes(million) == "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK_ERROR(digestFile("/nonexistent/file"), "cannot read /nonexistent/file");
}

void jsonTexts() {
  std::string const odd = "a\"b\\c\n\x01/<\xC3\xBC \xFF";
  CHECK(Json::parse(dump(Json(odd))) == "a\"b\\c\n\x01/<\xC3\xBC \xEF\xBF\xBD");
  CHECK(dump(Json{{"nan", std::numeric_limits<double>::quiet_NaN()}, {"none", orNull(std::optional<int>())}}) ==
        R"({"nan":null,"none":null})");
}

void jsonNumberGrammar() {
  for (char const* number : {"0", "-0", "256", "1.5", "-1e-07", "1E+10", "9007199254740993"}) CHECK_DETAIL(isJsonNumber(number), number);
  for (char const* text : {"", "-", "01", "1.", ".5", "+1", "1e", "1e+", "nan", "0x10", "1 ", "256x4", "007", "1_0"})
    CHECK_DETAIL(!isJsonNumber(text), text);
  CHECK(numberOrText("256") == 256 && numberOrText("1.5") == 1.5 && numberOrText("007") == "007");
  CHECK(numberOrText("12e4567") == "12e4567" && numberOrText("123456789012345678901") == "123456789012345678901");
}

/// What a points file says is what the label says: no text turns into a number on the way, and real numbers are written one way.
void labelsStayWhatTheyAre() {
  for (char const* text : {"12e4567", "007", "1_0", "a#b", "-", "1e400", "scalar", "0x10"}) {
    std::string const line = std::string("op=x value=") + text;
    CHECK_DETAIL(makePoint(parseLabel(line), {}).label == line, text);
  }
  CHECK(makePoint(parseLabel("op=x value=0.50"), {}).label == "op=x value=0.5");
}

profiler::LabelValue labelValueOf(Json const& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? profiler::LabelValue(value.get<double>()) : profiler::LabelValue(value.get<std::int64_t>());
}

void goldenLabels(std::string const& path) {
  Json const document = Json::parse(readText(path));
  CHECK(document["cases"].size() >= 10);
  for (auto const& item : document["cases"]) {
    std::vector<profiler::LabelPair> pairs;
    for (auto const& pair : item["pairs"]) pairs.emplace_back(pair.at(0).get<std::string>(), labelValueOf(pair.at(1)));
    std::string const label = profiler::pointLabel(pairs);
    CHECK_DETAIL(label == item["label"].get<std::string>(), label);
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

void goldenLines(std::string const& path) {
  Json const document = Json::parse(readText(path));
  CHECK(document["lines"].size() >= 10);
  for (auto const& item : document["lines"]) {
    auto const points = readPoints("# points\n" + item["line"].get<std::string>() + "\n", "p", {});
    CHECK_DETAIL(points.size() == 1 && points[0].label == item["label"].get<std::string>(), points[0].label);
    CHECK_DETAIL(points[0].attributes.size() == 1 && numberOrText(points[0].attributes[0].second) == item["tag"], points[0].label);
  }
}

/// A float is written as short as it reads back, and never like another one.
void floatLabels() {
  CHECK(profiler::LabelValue(0.1f).text() == "0.1" && profiler::LabelValue(2.0f).text() == "2");
  CHECK(profiler::LabelValue(0.1234567f).text() == "0.1234567" && profiler::LabelValue(0.1234568f).text() == "0.1234568");
  CHECK(profiler::LabelValue(std::numeric_limits<float>::quiet_NaN()).text() == "nan");
  CHECK(profiler::LabelValue('a').text() == "a" && profiler::LabelValue(static_cast<signed char>(7)).text() == "7");
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
  jsonTexts();
  jsonNumberGrammar();
  labelsStayWhatTheyAre();
  goldenLabels(argv[1]);
  goldenLines(argv[1]);
  floatLabels();
  atomicWrites(argv[2]);
  randomInputs();
  return profiler::plugins::test::checks().finish("text");
}
