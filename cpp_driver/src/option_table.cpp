#include "option_table.hpp"

#include <algorithm>

#include "json.hpp"
#include "settings.hpp"

namespace profiler::driver {
namespace {

constexpr char const* kWhat = "What runs (at least one)";
constexpr char const* kSweep = "Sweep: the product of all lists; every value is repeatable and takes a,b,c";
constexpr char const* kTensorrt = "TensorRT";
constexpr char const* kMeasure = "Measuring";
constexpr char const* kCheck = "Verification";
constexpr char const* kOutput = "Output";

std::vector<OptionRow> ownRows() {
  return {
      {kWhat, "plugin", "OP", Arity::kMany, {}, "a built-in op as TensorRT plugin, or all; with --direct its kernels alone"},
      {kWhat, "native", "OP", Arity::kMany, {}, "TensorRT's own layers: relu, sigmoid, silu (sigmoid*x), add_scalar, identity"},
      {kWhat, "copy", "", Arity::kFlag, {}, "a device-to-device copy of the same tensors, as the bandwidth to reach"},
      {kWhat, "engine", "FILE", Arity::kOne, {}, "a serialised TensorRT engine"},
      {kWhat, "onnx", "FILE", Arity::kOne, {}, "an ONNX model, where TensorRT's ONNX parser is found"},
      {kWhat,
       "points",
       "FILE",
       Arity::kOne,
       {},
       "one point a line (op=swish shape=65536x1024 dtype=fp32 block=256; # starts a comment), or a points document"},
      {kWhat, "request", "FILE", Arity::kOne, {}, "everything from a request of profiler run: engine, points, settings"},
      {kWhat, "direct", "", Arity::kFlag, {}, "launch plugin kernels without TensorRT; needs no TensorRT at all"},
      {kWhat, "name", "NAME", Arity::kOne, {}, "op name of --engine and --onnx points (default: the file's stem)"},

      {kSweep, "shape", "DIMS", Arity::kMany, {}, "tensor shape, as 65536x1024; scalar: rank 0"},
      {kSweep,
       "dtype",
       "TYPE",
       Arity::kMany,
       {},
       "fp32, fp16 or bf16 of plugins, native layers and copy (default fp32); networks have their own"},
      {kSweep, "set", "KEY=VALUE", Arity::kMany, {}, "attribute of the op: --set block=128,256 --set variant=scalar,vectorized"},
      {kSweep, "only", "FILE", Arity::kOne, {}, "measure only the points of the sweep whose labels stand in FILE, one a line"},

      {kTensorrt,
       "plugin-library",
       "FILE",
       Arity::kMany,
       {},
       "library with plugin creators (default: the one built beside this program; none: no library)"},
      {kTensorrt, "plugin-version", "TEXT", Arity::kOne, {}, "version of the plugin creator to look up (default: the op's)"},
      {kTensorrt,
       "tensorrt-library",
       "FILE",
       Arity::kOne,
       {},
       "libnvinfer or libtensorrt_rtx to load (default: by name, $TENSORRT_LIBRARY_DIR first)"},
      {kTensorrt, "profile", "MIN:OPT:MAX", Arity::kOne, {}, "build one engine for a range of shapes: --profile 1x1024:8x1024:32x1024"},
      {kTensorrt, "input-shape", "NAME:DIMS", Arity::kMany, {}, "shape of a named input of --engine or --onnx"},
      {kTensorrt, "save-engine", "FILE", Arity::kOne, {}, "write the serialised engine; the sweep may need one engine only"},
      {kTensorrt, "cache-dir", "DIR", Arity::kOne, {}, "engine and timing caches (default $XDG_CACHE_HOME/profiler or ~/.cache/profiler)"},
      {kTensorrt, "no-engine-cache", "", Arity::kFlag, {}, "build every engine anew"},
      {kTensorrt, "timing-cache", "FILE", Arity::kOne, {}, "timing cache file (default: in the cache directory)"},
      {kTensorrt, "no-timing-cache", "", Arity::kFlag, {}, "time every tactic anew"},

      {kMeasure, "device", "N", Arity::kOne, "0", "CUDA device"},

      {kCheck, "reference", "OP", Arity::kOne, {}, "op that --engine and --onnx outputs are checked against (its attributes by --set)"},
      {kCheck, "output-digest", "", Arity::kFlag, {}, "record the SHA-256 of each output"},
      {kCheck, "save-output", "DIR", Arity::kOne, {}, "write each output as raw little-endian elements"},
      {kCheck,
       "compare-output",
       "DIR",
       Arity::kOne,
       {},
       "compare each output with the one that --save-output wrote there; any difference fails"},

      {kOutput, "json", "[FILE]", Arity::kOptional, {}, "result file, rewritten after each point; stdout without FILE or for -"},
      {kOutput, "quiet", "", Arity::kFlag, {}, "no table on the terminal"},
      {kOutput, "dry-run", "", Arity::kFlag, {}, "list the points and stop; needs no GPU"},
      {kOutput, "list", "", Arity::kFlag, {}, "list ops, attributes, variants and types (--json: machine-readable, on stdout)"},
      {kOutput, "version", "", Arity::kFlag, {}, "print versions"},
      {kOutput, "help", "", Arity::kFlag, {}, "print this text"},
  };
}

OptionRow settingRow(core::Json const& option) {
  std::string const type = option["type"], unit = option["unit"].is_string() ? option["unit"] : "";
  OptionRow row;
  row.setting = option["name"];
  row.name = row.setting;
  std::replace(row.name.begin(), row.name.end(), '_', '-');
  bool const isList = option.value("list", false);
  row.group = isList ? kSweep : kMeasure;
  row.arity = type == "flag" ? Arity::kFlag : isList ? Arity::kMany : Arity::kOne;
  row.help = option["help"];
  if (type == "flag" && option["default"] == true) {
    row.name = "no-" + row.name;
    row.help = "do not: " + row.help;
  } else if (!option["default"].is_null()) {
    row.defaultText = option["default"].is_string() ? option["default"].get<std::string>() : core::dump(option["default"]);
  }
  if (type != "flag")
    row.argument = type == "choice" ? "MODE" : type == "integer" ? "N" : unit == "s" ? "SECONDS" : unit == "ratio" ? "RATIO" : "X";
  for (auto const& alias : option.value("aliases", core::Json::array())) {
    std::string name = alias;
    std::replace(name.begin(), name.end(), '_', '-');
    row.aliases.push_back(name);
  }
  return row;
}

}  // namespace

std::vector<OptionRow> const& optionTable() {
  static std::vector<OptionRow> const table = [] {
    std::vector<OptionRow> rows;
    for (auto const& option : core::measuringOptions()) rows.push_back(settingRow(option));
    for (auto& row : ownRows()) rows.push_back(std::move(row));
    std::vector<std::string> const groups = {kWhat, kSweep, kTensorrt, kMeasure, kCheck, kOutput};
    auto const place = [&](OptionRow const& row) { return std::find(groups.begin(), groups.end(), row.group); };
    std::stable_sort(rows.begin(), rows.end(), [&](OptionRow const& a, OptionRow const& b) { return place(a) < place(b); });
    return rows;
  }();
  return table;
}

std::vector<Contradiction> const& contradictions() {
  static char const* const kDirect = "--direct runs without TensorRT";
  static char const* const kPoints = "the points file states the whole sweep";
  static char const* const kBuilt = "the engine is built already";
  static char const* const kFixed = "--iterations fixes the count";
  static std::vector<Contradiction> const table = {
      {"direct", "native", kDirect},
      {"direct", "engine", kDirect},
      {"direct", "onnx", kDirect},
      {"direct", "profile", kDirect},
      {"direct", "save-engine", kDirect},
      {"direct", "tensorrt-library", kDirect},
      {"direct", "plugin-version", kDirect},
      {"direct", "cache-dir", kDirect},
      {"direct", "no-engine-cache", kDirect},
      {"direct", "no-timing-cache", kDirect},
      {"direct", "timing-cache", kDirect},
      {"direct", "input-shape", kDirect},
      {"direct", "plugin-library", kDirect},
      {"engine", "onnx", "one network at a time"},
      {"engine", "plugin", "one network at a time"},
      {"engine", "native", "one network at a time"},
      {"engine", "points", kPoints},
      {"onnx", "points", kPoints},
      {"onnx", "plugin", "one network at a time"},
      {"onnx", "native", "one network at a time"},
      {"engine", "profile", "the engine brings its own profiles"},
      {"engine", "save-engine", "the engine is saved already"},
      {"engine", "plugin-version", "the engine names its plugins' versions"},
      {"engine", "cache-dir", kBuilt},
      {"engine", "no-engine-cache", kBuilt},
      {"engine", "timing-cache", kBuilt},
      {"engine", "no-timing-cache", kBuilt},
      {"onnx", "plugin-version", "the model names its plugins' versions"},
      {"points", "plugin", kPoints},
      {"points", "native", kPoints},
      {"points", "copy", kPoints},
      {"points", "shape", kPoints},
      {"points", "dtype", kPoints},
      {"points", "set", kPoints},
      {"iterations", "min-iterations", kFixed},
      {"iterations", "max-iterations", kFixed},
      {"iterations", "min-time", kFixed},
      {"iterations", "max-time", kFixed},
      {"iterations", "stability", kFixed},
      {"dry-run", "json", "a dry run has no result"},
      {"no-timing-cache", "timing-cache", "one asks for the file, the other for none"},
      {"no-verify", "tolerance-abs", "nothing is compared"},
      {"no-verify", "tolerance-rel", "nothing is compared"},
      {"no-verify", "reference", "nothing is compared"},
  };
  return table;
}

OptionRow const* findOption(std::string const& name) {
  for (auto const& row : optionTable()) {
    bool const isAlias = std::find(row.aliases.begin(), row.aliases.end(), name) != row.aliases.end();
    if (name == row.name || isAlias) return &row;
  }
  return {};
}

std::string helpText() {
  std::string text =
      "usage: profiler-driver (--plugin OP | --native OP | --copy | --engine FILE | --onnx FILE | --points FILE)… [options]\n\n"
      "Runs TensorRT engines, plugins or bare kernels over a sweep, checks every output, times every iteration and marks all of it\n"
      "with NVTX. Example: profiler-driver --direct --plugin swish --shape 65536x1024 --set block=128,256 --json result.json\n";
  std::string group;
  for (auto const& row : optionTable()) {
    if (group != row.group) text += std::string("\n") + row.group + "\n";
    group = row.group;
    std::string left = std::string("  --") + row.name + (row.argument.empty() ? "" : " " + row.argument);
    if (left.size() < 28) left.resize(28, ' ');
    text += left + "  " + row.help + (row.defaultText ? " [" + *row.defaultText + "]" : "") + "\n";
  }
  text +=
      "\nExit codes: 0 all points ok (some may be skipped)   2 wrong usage   3 CUDA driver, TensorRT or another library missing\n"
      "            4 a point failed, or every point was skipped   6 a file is missing or unreadable   7 a point gave wrong output\n";
  return text;
}

}  // namespace profiler::driver
