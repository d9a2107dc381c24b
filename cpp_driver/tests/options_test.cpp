// Parsing, refusals with the nearest name, contradictions, and the expansion of sweeps.
#include "options.hpp"

#include <set>

#include "catalogue.hpp"
#include "nearest_name.hpp"
#include "option_table.hpp"
#include "points_file.hpp"
#include "refusal.hpp"
#include "sweep.hpp"

namespace {

using namespace profiler::driver;

Options parse(std::initializer_list<char const*> words) { return parseOptions({words.begin(), words.end()}); }

std::vector<PointRequest> expand(std::initializer_list<char const*> words) {
  Options const options = parse(words);
  auto points = expandSweep(options, [&](std::string const& op) { return attributeNamesOf(op, options); });
  refuseUnrunnable(points, options);
  return points;
}

void tableIsConsistent() {
  std::set<std::string> names;
  for (auto const& row : optionTable()) {
    CHECK_DETAIL(names.insert(row.name).second, row.name);
    CHECK_DETAIL((row.arity == Arity::kFlag) == (row.argument[0] == '\0'), row.name);
    CHECK_DETAIL(helpText().find(std::string("--") + row.name) != std::string::npos, row.name);
  }
  for (auto const& [first, second, reason] : contradictions()) {
    CHECK_DETAIL(findOption(first) && findOption(second) && reason[0], first);
  }
}

void valuesAndForms() {
  Options const options = parse({"--plugin=swish", "--shape", "8x4,16", "--warmup", "3", "--json", "--quiet", "--measure=throughput"});
  CHECK(options.plugins == std::vector<std::string>{"swish"});
  CHECK((options.shapes == std::vector<std::string>{"8x4", "16"}));
  CHECK(options.warmup == 3 && options.quiet && options.json == "-");
  CHECK(options.measure == MeasureMode::kThroughput);
  CHECK(options.stop.minIterations == 50 && !options.stop.fixedIterations);
  CHECK(options.given.at("warmup") == std::vector<std::string>{"3"});
}

void refusals() {
  CHECK_ERROR(parse({"--plugn", "swish"}), "did you mean --plugin?");
  CHECK_ERROR(parse({"--shap", "8"}), "did you mean --shape?");
  CHECK_ERROR(parse({"swish"}), "unexpected argument 'swish'");
  CHECK_ERROR(parse({"--plugin"}), "--plugin needs a value");
  CHECK_ERROR(parse({"--plugin", "--shape", "8"}), "--plugin needs a value");
  CHECK_ERROR(parse({"--direct=yes"}), "takes no value");
  CHECK_ERROR(parse({"--warmup", "1", "--warmup", "2"}), "given twice");
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
  CHECK_ERROR(parse({"--plugin", "swish", "--shape", "8", "--max-iterations", "5"}), "--min-iterations is above");
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
  CHECK_ERROR(expand({"--plugin", "swish", "--shape", "4000000000x4000000000"}), "2^62");
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
  CHECK_ERROR(read("op=swish\nshape\n"), "p:2: 'shape' is no key=value pair");
  CHECK_ERROR(read("shape=8\n"), "p:1: a point without op");
  CHECK_ERROR(read("op=swish op=copy\n"), "stands twice");
  CHECK_ERROR(read("op=swish shape=8 threads=0\n"), "p:1: threads is '0'");
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
  CHECK(points[0].attributes.size() == 4 && points[0].attributes[2].second == "1e-7");
  CHECK(points[1].label == "op=copy shape=8 dtype=fp16");
  CHECK_ERROR(read("{\"schema\": \"other\", \"points\": []}"), "is no points document");
  CHECK_ERROR(read("{\"schema\": \"profiler-points\", \"points\": [{\"op\": [1]}]}"), "p: point 0: 'op' is no text");
  CHECK_ERROR(read("{\"schema\": \"profiler-points\", \"points\": []}"), "holds no point");
  CHECK_ERROR(read("{\"schema\": "), "broken JSON");
}

}  // namespace

int main() {
  tableIsConsistent();
  valuesAndForms();
  refusals();
  contradictionsAreNamed();
  productInOrder();
  eachOpTakesItsOwnAttributes();
  executionEntersLabelsOnlyWhenSwept();
  unknownNames();
  engineFiles();
  pointsFile();
  pointsDocument();
  return profiler::plugins::test::checks().finish("options");
}
