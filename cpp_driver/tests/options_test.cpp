// Parsing, refusals with the nearest name, contradictions, and the expansion of sweeps.
#include "options.hpp"

#include <algorithm>

#include "catalogue.hpp"
#include "json.hpp"
#include "points_file.hpp"
#include "refusal.hpp"
#include "sweep.hpp"

namespace {

using namespace profiler::driver;

Options parse(std::initializer_list<char const*> words) { return parseOptions({words.begin(), words.end()}); }

std::vector<PointRequest> expand(std::initializer_list<char const*> words) {
  Options const options = parse(words);
  auto points = expandSweep(options);
  refuseUnrunnable(points, options);
  return points;
}

/// Every measuring option is an option with its help and default.
void measuringOptionsAreOptions() {
  for (Json const& option : measuringOptions()) {
    std::string name = option["name"];
    std::replace(name.begin(), name.end(), '_', '-');
    CHECK_DETAIL(helpText().find((option["default"] == true ? "--no-" : "--") + name) != std::string::npos, name);
    CHECK_DETAIL(helpText().find(option["help"].get<std::string>().substr(0, 20)) != std::string::npos, name);
  }
}

void valuesAndForms() {
  Options const options = parse({"--plugin=swish", "--shape", "8x4,16", "--warmup", "3", "--json", "--quiet", "--measure=throughput"});
  CHECK(options.plugins == std::vector<std::string>{"swish"});
  CHECK((options.shapes == std::vector<std::string>{"8x4", "16"}));
  CHECK(options.settings.warmup == 3 && options.quiet && options.json == "-");
  CHECK(options.settings.measure == MeasureMode::kThroughput);
  CHECK(options.settings.stop.minIterations == 50 && !options.settings.stop.fixedIterations);
  CHECK(options.given.at("warmup") == std::vector<std::string>{"3"});
}

void refusals() {
  CHECK_ERROR(parse({"--plugn", "swish"}), "did you mean --plugin?");
  CHECK_ERROR(parse({"--shap", "8"}), "did you mean --shape?");
  CHECK_ERROR(parse({"swish"}), "unexpected argument 'swish'");
  CHECK_ERROR(parse({"--plugin"}), "--plugin");
  CHECK_ERROR(parse({"--plugin", "--shape", "8"}), "--plugin needs a value");
  CHECK_ERROR(parse({"--direct=yes"}), "direct");
  CHECK_ERROR(parse({"--warmup", "1", "--warmup", "2"}), "--warmup");
  CHECK_ERROR(parse({"--json", "a", "--json", "b"}), "--json");
  CHECK_ERROR(parse({"--plugin", "swish", "add_scalar"}), "unexpected argument 'add_scalar'");
  CHECK_ERROR(parse({"--device", "1024"}), "--device");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--warmup", "-1"}), "from 0 to");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--stability", "nan"}), "from 0 to 1");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--measure", "fast"}), "auto, isolated, throughput");
  CHECK_ERROR(parse({"--plugin", "swish"}), "no --shape");
  CHECK_ERROR(parse({}), "nothing to run");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--set", "block"}), "no KEY=VALUE");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--set", "block=1,,2"}), "empty value");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--set", "shape=4"}), "no attribute");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--profile", "4:2:8"}), "not ordered");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--profile", "4:8"}), "MIN:OPT:MAX");
  CHECK_ERROR(parse({"--engine", "a.engine", "--set", "beta=2"}), "--reference OP");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--threads", "2", "--measure", "isolated"}), "one thread");
}

void contradictionsAreNamed() {
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--iterations", "5", "--min-time", "1"}), "--iterations contradicts --min-time");
  CHECK_ERROR(parse({"--direct", "--native", "relu", "--shape", "8"}), "--direct contradicts --native");
  CHECK_ERROR(parse({"--engine", "a", "--onnx", "b"}), "--engine contradicts --onnx");
  CHECK_ERROR(parse({"--points", "p", "--shape", "8"}), "--points contradicts --shape");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--max-iterations", "5", "--min-iterations", "6"}), "--min-iterations is above");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--max-time", "1", "--min-time", "2"}), "--min-time is above --max-time");
}

void oneBoundMovesTheDefaultOfTheOther() {
  auto const stop = [](char const* option, char const* value) { return parse({"--copy", "--shape", "8", option, value}).settings.stop; };
  CHECK(stop("--max-iterations", "10").minIterations == 10 && stop("--max-iterations", "10").maxIterations == 10);
  CHECK(stop("--min-iterations", "30000").maxIterations == 30000 && stop("--min-iterations", "60").maxIterations == 20000);
  CHECK(stop("--max-time", "0.05").minSeconds == 0.05 && stop("--max-time", "0").minSeconds == 0.0);
  CHECK(stop("--min-time", "5").maxSeconds == 5.0 && stop("--min-time", "5").minSeconds == 5.0);
}

void listsBesidePoints() {
  for (char const* option : {"--threads", "--streams"}) CHECK_ERROR(parse({"--points", "p", option, "1,2"}), "--points contradicts a list");
  CHECK_ERROR(parse({"--points", "p", "--cache-mode", "cold,warm"}), "write cache_mode=VALUE in the lines");
  CHECK_ERROR(parse({"--points", "p", "--launch-mode", "plain", "--launch-mode", "graph"}), "a list of --launch-mode");
  CHECK(parse({"--points", "p", "--threads", "2", "--cache-mode", "warm"}).settings.execution.threads == 2);
}

/// Names of earlier versions and of the other program mean the same option.
void aliases() {
  Options const options =
      parse({"--copy", "--shape", "8", "--max-samples", "9", "--min-samples", "9", "--precision", "0.1", "--cache", "warm"});
  CHECK(options.settings.stop.maxIterations == 9 && options.settings.stop.minIterations == 9 && options.settings.stop.stability == 0.1);
  CHECK(options.settings.execution.cache == CacheMode::kWarm);
}

void inputShapes() {
  CHECK(parse({"--onnx", "m", "--input-shape", "a:1x2,b:scalar"}).inputShapes.at("b").empty());
  CHECK_ERROR(parse({"--onnx", "m", "--input-shape", "a:1", "--input-shape", "a:2"}), "names the input 'a' twice");
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--input-shape", "a:1"}), "--input-shape is for --engine and --onnx");
  CHECK_ERROR(parse({"--native", "relu", "--shape", "8", "--input-shape", "a:1"}), "--input-shape is for --engine and --onnx");
  CHECK_ERROR(parse({"--copy", "--shape", "8", "--input-shape", "a:1"}), "--input-shape is for --engine and --onnx");
  CHECK_ERROR(parse({"--points", "p", "--input-shape", "a:1"}), "--input-shape is for --engine and --onnx");
}

void optionsWithoutEffect() {
  for (char const* option : {"--no-engine-cache", "--no-timing-cache"}) {
    CHECK_ERROR(parse({"--direct", "--plugin", "swish", "--shape", "8", option}), std::string("--direct contradicts ") + option);
    CHECK_ERROR(parse({"--engine", "e", option}), std::string("--engine contradicts ") + option);
    CHECK_ERROR(parse({"--copy", "--shape", "8", option}), "has no effect on --copy");
  }
  for (char const* option : {"--cache-dir", "--timing-cache"}) {
    CHECK_ERROR(parse({"--direct", "--plugin", "swish", "--shape", "8", option, "x"}), std::string("--direct contradicts ") + option);
    CHECK_ERROR(parse({"--engine", "e", option, "x"}), std::string("--engine contradicts ") + option);
  }
  CHECK_ERROR(parse({"--engine", "e", "--plugin-version", "2"}), "--engine contradicts --plugin-version");
  CHECK_ERROR(parse({"--onnx", "m", "--plugin-version", "2"}), "--onnx contradicts --plugin-version");
  CHECK_ERROR(parse({"--copy", "--shape", "8", "--plugin-version", "2"}), "--plugin-version is for --plugin");
  CHECK_ERROR(parse({"--native", "relu", "--shape", "8", "--plugin-version", "2"}), "--plugin-version is for --plugin");
  CHECK_ERROR(parse({"--copy", "--shape", "8", "--save-engine", "e"}), "--save-engine has no effect on --copy");
  CHECK_ERROR(parse({"--copy", "--shape", "8", "--profile", "1:2:3"}), "--profile has no effect on --copy");
  CHECK_ERROR(parse({"--engine", "e", "--tolerance-abs", "1"}), "add --reference OP");
  CHECK_ERROR(parse({"--engine", "e", "--dtype", "fp16"}), "has its own types");
  CHECK_ERROR(parse({"--onnx", "m", "--dtype", "fp16"}), "has its own types");
  CHECK_ERROR(parse({"--copy", "--shape", "8", "--dry-run", "--json", "f"}), "--dry-run contradicts --json");
  CHECK_ERROR(parse({"--list", "--json", "f"}), "--list --json writes to stdout");
  CHECK(parse({"--list", "--json"}).list);
  CHECK_ERROR(parse({"--copy", "--shape", "8", "--measure", "throughput", "--stability", "0.1"}), "--stability contradicts");
  CHECK_ERROR(parse({"--copy", "--shape", "8", "--save-output", "a/../d", "--compare-output", "d/"}), "name one folder");
  CHECK(parse({"--copy", "--shape", "8", "--save-output", "a", "--compare-output", "d"}).compareOutput == "d");
}

void namesOfTheWrongOption() {
  CHECK_ERROR(parse({"--plugin", "copy", "--shape", "8"}), "use --copy");
  CHECK_ERROR(parse({"--plugin", "swish,native_relu", "--shape", "8"}), "use --native relu");
  CHECK_ERROR(expand({"--engine", "dir/copy.engine"}), "give it a name with --name");
}

void allPlugins() {
  auto const all = expandPlugins({"all"});
  CHECK((all == std::vector<std::string>{"add_scalar", "swish"}));
  CHECK((expandPlugins({"swish", "all"}) == std::vector<std::string>{"swish", "add_scalar"}));
  CHECK((expandPlugins({"all", "swish"}) == std::vector<std::string>{"add_scalar", "swish"}));
  CHECK((expandPlugins({"swish"}) == std::vector<std::string>{"swish"}));
}

/// A value is refused where no point could run, and left to the points where one could.
void values() {
  CHECK_ERROR(expand({"--plugin", "swish", "--shape", "8", "--set", "block=100"}), "found '100', expected 0 to 1024 in steps of 32");
  CHECK_ERROR(expand({"--plugin", "swish", "--shape", "8", "--set", "block=7,100"}), "no point of this sweep can run");
  CHECK_ERROR(expand({"--engine", "a", "--reference", "swish", "--set", "beta=x"}), "no point of this sweep can run");
  CHECK(expand({"--plugin", "swish", "--shape", "8", "--set", "block=7,64"}).size() == 2);
  CHECK(expand({"--plugin", "swish", "--copy", "--shape", "8", "--set", "block=100"}).size() == 2);
  auto const close = expand({"--plugin", "swish", "--shape", "8", "--set", "beta=0.1234567,0.1234568"});
  CHECK(close.at(0).label == "op=swish shape=8 dtype=fp32 beta=0.1234567" && close.at(1).label != close.at(0).label);
}

void rankZero() {
  auto const points = expand({"--plugin", "swish", "--shape", "scalar,1"});
  CHECK(points.at(0).label == "op=swish shape=scalar dtype=fp32" && points[0].shape->empty() && points[1].shape->size() == 1);
  CHECK(elementCountOf({}) == 1 && formatShape({}) == "scalar");
}

void productInOrder() {
  auto const points =
      expand({"--plugin", "swish", "--shape", "4,8", "--set", "block=128,256", "--set", "variant=scalar", "--set", "variant=vectorized"});
  CHECK(points.size() == 8);
  CHECK(points[0].label == "op=swish variant=scalar shape=4 dtype=fp32 block=128");
  CHECK(points[1].label == "op=swish variant=vectorized shape=4 dtype=fp32 block=128");
  CHECK(points[7].label == "op=swish variant=vectorized shape=8 dtype=fp32 block=256");
  CHECK((points[0].attributes == std::vector<NamedText>{{"block", "128"}, {"variant", "scalar"}}));
}

void eachOpTakesItsOwnAttributes() {
  auto const points = expand(
      {"--plugin", "add_scalar", "--native", "add_scalar,relu", "--copy", "--shape", "8", "--set", "scalar=2", "--set", "block=64,128"});
  CHECK(points.size() == 5);
  CHECK(points[1].label == "op=add_scalar shape=8 dtype=fp32 block=128 scalar=2");
  CHECK(points[2].label == "op=native_add_scalar shape=8 dtype=fp32 scalar=2");
  CHECK(points[3].label == "op=native_relu shape=8 dtype=fp32");
  CHECK(points[4].label == "op=copy shape=8 dtype=fp32");
}

void executionEntersLabelsOnlyWhenSwept() {
  auto const single = expand({"--plugin", "swish", "--shape", "8", "--threads", "2", "--cache-mode", "warm"});
  CHECK(single.at(0).label == "op=swish shape=8 dtype=fp32");
  CHECK(single.at(0).execution.threads == 2 && single.at(0).execution.cache == CacheMode::kWarm);
  auto const swept = expand({"--plugin", "swish", "--shape", "8", "--threads", "1,2", "--launch-mode", "plain,graph"});
  CHECK(swept.size() == 4);
  CHECK(swept[3].label == "op=swish shape=8 dtype=fp32 threads=2 launch_mode=graph");
  CHECK(swept[3].execution.threads == 2 && swept[3].execution.launch == LaunchMode::kGraph);
  CHECK(swept[0].execution.threads == 1 && swept[0].execution.launch == LaunchMode::kPlain);
}

void unknownNames() {
  CHECK_ERROR(expand({"--plugin", "swsh", "--shape", "8"}), "did you mean swish?");
  CHECK_ERROR(expand({"--native", "rellu", "--shape", "8"}), "did you mean native_relu?");
  CHECK_ERROR(expand({"--plugin", "swish", "--shape", "8", "--set", "blok=1"}), "did you mean block?");
  CHECK_ERROR(expand({"--plugin", "swish", "--shape", "8x"}), "is no shape");
  CHECK_ERROR(expand({"--plugin", "swish", "--shape", "1x1x1x1x1x1x1x1x1"}), "is no shape");
  CHECK_ERROR(expand({"--plugin", "swish", "--shape", "4000000000x4000000000"}), "2^56");
  CHECK_ERROR(expand({"--plugin", "swish", "--shape", "2305843009213693952"}), "2^56");
  CHECK_ERROR(expand({"--plugin", "swish", "--shape", "8", "--dtype", "fp8"}), "unknown type");
  CHECK_ERROR(expand({"--plugin", "swish", "--shape", "8,8"}), "asked for twice");
}

void engineFiles() {
  auto const points = expand({"--engine", "dir/my net.engine", "--shape", "1x4,8x4"});
  CHECK(points.size() == 2);
  CHECK(points[0].label == "op=my%20net shape=1x4");
  CHECK(!points[0].type);
  auto const checked = expand({"--engine", "a.engine", "--name", "swish", "--reference", "swish", "--set", "beta=2"});
  CHECK(checked.at(0).label == "op=swish beta=2");
  auto const besideCopy = expand({"--engine", "a.engine", "--copy", "--shape", "8"});
  CHECK(besideCopy.size() == 2 && besideCopy[0].label == "op=copy shape=8 dtype=fp32" && !besideCopy[1].type);
  auto const typedCopy = expand({"--engine", "a.engine", "--copy", "--shape", "8", "--dtype", "fp16,bf16"});
  CHECK(typedCopy.size() == 3 && typedCopy[1].label == "op=copy shape=8 dtype=bf16" && typedCopy[2].label == "op=a shape=8");
  CHECK_ERROR(expand({"--engine", "a.engine", "--copy"}), "has no shape");
  CHECK_ERROR(expand({"--engine", "a.engine", "--reference", "swsh"}), "did you mean swish?");
}

void pointsFile() {
  auto const read = [](char const* text) { return readPoints(text, "p", {}); };
  auto const points =
      read("# sweep\n\npoint op=swish shape=8x4 dtype=fp16 block=64 beta=0.50\n  op=copy shape=2 dtype=fp32 cache_mode=warm threads=3\r\n");
  CHECK(points.size() == 2);
  CHECK(points[0].label == "op=swish shape=8x4 dtype=fp16 block=64 beta=0.5");
  CHECK((points[0].attributes == std::vector<NamedText>{{"block", "64"}, {"beta", "0.50"}}));
  CHECK(points[1].execution.threads == 3 && points[1].execution.cache == CacheMode::kWarm);
  CHECK(points[1].label == "op=copy shape=2 dtype=fp32 cache_mode=warm threads=3");
  auto const commented = read("op=a#1 shape=8 # why\n\t# nothing\nop=b shape=8\t#\n");
  CHECK(commented.size() == 2 && commented[0].label == "op=a#1 shape=8" && commented[1].label == "op=b shape=8");
  CHECK_ERROR(read("op=swish\nshape\n"), "p:2: 'shape' is no key=value pair");
  CHECK_ERROR(read("shape=8\n"), "p:1: a point without op");
  CHECK_ERROR(read("op=swish op=copy\n"), "stands twice");
  CHECK_ERROR(read("op=swish shape=8 threads=0\n"), "p:1: --threads is '0'");
  CHECK_ERROR(read("op=a%2\n"), "percent-encoding");
  CHECK_ERROR(read("# nothing\n"), "holds no point");
}

void pointsDocument() {
  auto const read = [](char const* text) { return readPoints(text, "p", {}); };
  auto const points = read(
      R"({"schema": "profiler-points", "schema_version": 1, "points": [{"op": "swish", "shape": [65536, 1024], "dtype": "fp32",
          "attributes": {"items": 4, "variant": "vectorized", "beta": 1e-7, "block": 256}}, {"op": "copy", "shape": "8", "dtype": "fp16"}]})");
  CHECK(points.size() == 2);
  CHECK(points[0].label == "op=swish variant=vectorized shape=65536x1024 dtype=fp32 block=256 items=4 beta=1e-07");
  CHECK(points[0].attributes.size() == 4 && points[0].attributes[2].second == "1e-07");
  CHECK(points[1].label == "op=copy shape=8 dtype=fp16");
  CHECK_ERROR(read("{\"schema\": \"other\", \"points\": []}"), "is no points document");
  CHECK_ERROR(read("{\"schema\": \"profiler-points\", \"points\": [{\"op\": [1]}]}"), "p: point 0: 'op' is no text");
  CHECK_ERROR(read("{\"schema\": \"profiler-points\", \"points\": []}"), "holds no point");
  CHECK_ERROR(read("{\"schema\": "), "broken JSON");
  auto const one = [&](std::string const& version, std::string const& point) {
    return read((R"({"schema": "profiler-points", "schema_version": )" + version + R"(, "points": [)" + point + "]}").c_str());
  };
  CHECK_ERROR(one("1", R"({"op": "swish", "attributes": "block=128"})"), "p: point 0: 'attributes' is no object");
  CHECK_ERROR(one("1", R"({"op": "swish", "attributes": ["block"]})"), "'attributes' is no object");
  CHECK_ERROR(one("99", R"({"op": "swish"})"), "p has schema_version 99, expected 1");
  CHECK_ERROR(one("\"1\"", R"({"op": "swish"})"), "schema_version");
  CHECK_ERROR(one("[1]", R"({"op": "swish"})"), "schema_version of another type");
  CHECK_ERROR(read(R"({"schema": "profiler-points", "points": {}})"), "is no points document");
  auto const scalar = one("1", R"({"op": "swish", "shape": [], "dtype": "fp32", "attributes": null})");
  CHECK(scalar.at(0).label == "op=swish shape=scalar dtype=fp32" && scalar[0].shape->empty());
}

}  // namespace

int main() {
  measuringOptionsAreOptions();
  valuesAndForms();
  refusals();
  contradictionsAreNamed();
  oneBoundMovesTheDefaultOfTheOther();
  listsBesidePoints();
  aliases();
  inputShapes();
  optionsWithoutEffect();
  namesOfTheWrongOption();
  allPlugins();
  values();
  rankZero();
  productInOrder();
  eachOpTakesItsOwnAttributes();
  executionEntersLabelsOnlyWhenSwept();
  unknownNames();
  engineFiles();
  pointsFile();
  pointsDocument();
  return profiler::plugins::test::checks().finish("options");
}
