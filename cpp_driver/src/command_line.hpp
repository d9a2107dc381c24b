/// Every option of the driver once: its name, its place, its help. How to measure stands in profiler/runner/options.json.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "json.hpp"
#include "options.hpp"

namespace profiler::driver {

inline constexpr char kWhat[] = "What runs (at least one)";
inline constexpr char kSweep[] = "Sweep: the product of all lists; every value is repeatable and takes a,b,c";
inline constexpr char kTensorrt[] = "TensorRT";
inline constexpr char kMeasure[] = "Measuring";
inline constexpr char kCheck[] = "Verification";
inline constexpr char kOutput[] = "Output";

inline constexpr char kAbout[] =
    "Runs TensorRT engines, plugins or bare kernels over a sweep, checks every output, times every iteration and marks all of it\n"
    "with NVTX. Example: profiler-driver --direct --plugin swish --shape 65536x1024 --set block=128,256 --json result.json";
inline constexpr char kExitCodes[] =
    "Exit codes: 0 all points ok (some may be skipped)   2 wrong usage   3 CUDA driver, TensorRT or another library missing\n"
    "            4 a point failed, or every point was skipped   6 a file is missing or unreadable   7 a point gave wrong output";

struct Contradiction {
  char const* option;
  std::vector<char const*> others;
  char const* reason;
};

inline std::vector<Contradiction> const& contradictions() {
  static std::vector<Contradiction> const table = {
      {"direct",
       {"native", "engine", "onnx", "profile", "save-engine", "tensorrt-library", "plugin-version", "cache-dir", "no-engine-cache",
        "no-timing-cache", "timing-cache", "input-shape", "plugin-library"},
       "--direct runs without TensorRT"},
      {"engine", {"onnx", "plugin", "native"}, "one network at a time"},
      {"onnx", {"plugin", "native"}, "one network at a time"},
      {"points", {"engine", "onnx", "plugin", "native", "copy", "shape", "dtype", "set"}, "the points file states the whole sweep"},
      {"engine", {"profile"}, "the engine brings its own profiles"},
      {"engine", {"save-engine"}, "the engine is saved already"},
      {"engine", {"plugin-version"}, "the engine names its plugins' versions"},
      {"engine", {"cache-dir", "no-engine-cache", "timing-cache", "no-timing-cache"}, "the engine is built already"},
      {"onnx", {"plugin-version"}, "the model names its plugins' versions"},
      {"iterations", {"min-iterations", "max-iterations", "min-time", "max-time", "stability"}, "--iterations fixes the count"},
      {"dry-run", {"json"}, "a dry run has no result"},
      {"no-timing-cache", {"timing-cache"}, "one asks for the file, the other for none"},
      {"no-verify", {"tolerance-abs", "tolerance-rel", "reference"}, "nothing is compared"},
  };
  return table;
}

class CommandLine {
 public:
  CommandLine() : mApp(kAbout, "profiler-driver") {
    mApp.set_help_flag();
    mApp.allow_extras();
    mApp.footer(kExitCodes);
    addWhat();
    addSettings(true, kSweep);
    addTensorrt();
    addSettings(false, kMeasure);
    addRest();
  }

  /// Splits the words into the members below. Throws Error(kUsage) for what is no option, a missing value, and options that contradict
  /// one another.
  void parse(std::vector<std::string> const& words) {
    std::vector<std::string> names;
    for (auto const* option : mApp.get_options()) names.push_back("--" + option->get_lnames().front());
    try {
      mApp.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (CLI::ParseError const& error) {
      throw usageError(error.what());
    }
    for (auto const* option : mApp.get_options()) {
      if (option->count() == 0) continue;
      std::string const& name = option->get_lnames().front();
      for (auto const& given : option->results()) {  // a value is not looked for beyond the next option
        if (given.empty() || given.rfind("--", 0) == 0) throw usageError("--" + name + " needs a value: " + option->get_type_name());
      }
      options.given[name] = option->results();
    }
    for (auto const& word : mApp.remaining()) {
      if (word.rfind("--", 0) != 0)
        throw usageError("unexpected argument '" + word + "'", "options start with --; see profiler-driver --help");
      std::string const name = word.substr(0, word.find('='));
      throw usageError("unknown option " + name + didYouMean(name, names));
    }
    refuseContradictions();
  }
  bool has(std::string const& name) const { return options.given.count(name) != 0; }
  std::string help() const { return mApp.help(); }

  Options options;
  std::map<std::string, std::vector<std::string>> settings;  ///< Texts by the setting's name.
  std::vector<std::string> sets, inputShapes;
  std::string profile, request;

 private:
  void flag(char const* group, char const* name, bool& target, char const* help, bool value = true) {
    auto const set = [&target, value](std::int64_t) { target = value; };
    mApp.add_flag_function(name, set, help)->group(group)->disable_flag_override();
  }
  void text(char const* group, char const* name, char const* argument, std::string& target, char const* help) {
    mApp.add_option(name, target, help)->group(group)->type_name(argument);
  }
  void list(char const* group, char const* name, char const* argument, std::vector<std::string>& target, char const* help) {
    mApp.add_option(name, target, help)->group(group)->type_name(argument)->allow_extra_args(false);
  }
  void addWhat() {
    Options& o = options;
    list(kWhat, "--plugin", "OP", o.plugins, "a built-in op as TensorRT plugin, or all; with --direct its kernels alone");
    list(kWhat, "--native", "OP", o.natives, "TensorRT's own layers: relu, sigmoid, silu (sigmoid*x), add_scalar, identity");
    flag(kWhat, "--copy", o.copy, "a device-to-device copy of the same tensors, as the bandwidth to reach");
    text(kWhat, "--engine", "FILE", o.engineFile, "a serialised TensorRT engine");
    text(kWhat, "--onnx", "FILE", o.onnxFile, "an ONNX model, where TensorRT's ONNX parser is found");
    text(kWhat, "--points", "FILE", o.pointsFile,
         "one point a line (op=swish shape=65536x1024 dtype=fp32 block=256; # starts a comment), or a points document");
    text(kWhat, "--request", "FILE", request, "everything from a request of profiler run: engine, points, settings");
    flag(kWhat, "--direct", o.direct, "launch plugin kernels without TensorRT; needs no TensorRT at all");
    text(kWhat, "--name", "NAME", o.name, "op name of --engine and --onnx points (default: the file's stem)");
    list(kSweep, "--shape", "DIMS", o.shapes, "tensor shape, as 65536x1024; scalar: rank 0");
    list(kSweep, "--dtype", "TYPE", o.types,
         "fp32, fp16 or bf16 of plugins, native layers and copy (default fp32); networks have their own");
    list(kSweep, "--set", "KEY=VALUE", sets, "attribute of the op: --set block=128,256 --set variant=scalar,vectorized");
    text(kSweep, "--only", "FILE", o.onlyFile, "measure only the points of the sweep whose labels stand in FILE, one a line");
  }
  void addTensorrt() {
    Options& o = options;
    list(kTensorrt, "--plugin-library", "FILE", o.pluginLibraries,
         "library with plugin creators (default: the one built beside this program; none: no library)");
    text(kTensorrt, "--plugin-version", "TEXT", o.pluginVersion, "version of the plugin creator to look up (default: the op's)");
    text(kTensorrt, "--tensorrt-library", "FILE", o.tensorrtLibrary,
         "libnvinfer or libtensorrt_rtx to load (default: by name, $TENSORRT_LIBRARY_DIR first)");
    text(kTensorrt, "--profile", "MIN:OPT:MAX", profile, "build one engine for a range of shapes: --profile 1x1024:8x1024:32x1024");
    list(kTensorrt, "--input-shape", "NAME:DIMS", inputShapes, "shape of a named input of --engine or --onnx");
    text(kTensorrt, "--save-engine", "FILE", o.saveEngine, "write the serialised engine; the sweep may need one engine only");
    text(kTensorrt, "--cache-dir", "DIR", o.cacheDirectory,
         "engine and timing caches (default $XDG_CACHE_HOME/profiler or ~/.cache/profiler)");
    flag(kTensorrt, "--no-engine-cache", o.engineCache, "build every engine anew", false);
    text(kTensorrt, "--timing-cache", "FILE", o.timingCache, "timing cache file (default: in the cache directory)");
    flag(kTensorrt, "--no-timing-cache", o.useTimingCache, "time every tactic anew", false);
  }
  void addRest() {
    Options& o = options;
    mApp.add_option("--device", o.device, "CUDA device")
        ->capture_default_str()
        ->group(kMeasure)
        ->type_name("N")
        ->check(CLI::Range(0, 1023).description(""));
    text(kCheck, "--reference", "OP", o.reference, "op that --engine and --onnx outputs are checked against (its attributes by --set)");
    flag(kCheck, "--output-digest", o.outputDigest, "record the SHA-256 of each output");
    text(kCheck, "--save-output", "DIR", o.saveOutput, "write each output as raw little-endian elements");
    text(kCheck, "--compare-output", "DIR", o.compareOutput,
         "compare each output with the one that --save-output wrote there; any difference fails");
    mApp.add_option("--json", o.json, "result file, rewritten after each point; stdout without FILE or for -")
        ->group(kOutput)
        ->type_name("[FILE]")
        ->expected(0, 1)
        ->default_str("-");
    flag(kOutput, "--quiet", o.quiet, "no table on the terminal");
    flag(kOutput, "--dry-run", o.dryRun, "list the points and stop; needs no GPU");
    flag(kOutput, "--list", o.list, "list ops, attributes, variants and types (--json: machine-readable, on stdout)");
    flag(kOutput, "--version", o.version, "print versions");
    flag(kOutput, "--help", o.help, "print this text");
  }
  /// The measuring options that are lists, or those that are not.
  void addSettings(bool lists, char const* group) {
    for (Json const& option : measuringOptions()) {
      if (option.value("list", false) != lists) continue;
      std::string const name = option["name"], type = option["type"], help = option["help"];
      auto& texts = settings[name];
      if (type == "flag") {
        bool const isOn = option["default"];
        auto const set = [&texts, isOn](std::int64_t) { texts = {isOn ? "false" : "true"}; };
        mApp.add_flag_function(isOn ? "--no-" + flagOf(name).substr(2) : flagOf(name), set, isOn ? "do not: " + help : help)
            ->group(group)
            ->disable_flag_override();
        continue;
      }
      std::string names = flagOf(name);
      for (Json const& alias : option.value("aliases", Json::array())) names += "," + flagOf(alias);
      std::string const unit = option["unit"].is_string() ? option["unit"] : "";
      auto* const added = mApp.add_option(names, texts, help)->group(group);
      added->type_name(type == "choice" ? "MODE" : type == "integer" ? "N" : unit == "s" ? "SECONDS" : unit == "ratio" ? "RATIO" : "X");
      Json const& fallback = option["default"];
      if (!fallback.is_null()) added->default_str(fallback.is_string() ? fallback.get<std::string>() : dump(fallback));
      lists ? added->allow_extra_args(false) : added->expected(1);
    }
  }
  void refuseContradictions() const {
    for (auto const& [option, others, reason] : contradictions()) {
      for (char const* other : others) {
        if (!has(option) || !has(other)) continue;
        throw usageError(std::string("--") + option + " contradicts --" + other + ": " + reason, "drop one of the two");
      }
    }
  }

  CLI::App mApp;
};

}  // namespace profiler::driver
