#include "option_table.hpp"

#include <cstring>

namespace profiler::driver {

std::vector<OptionRow> const& optionTable() {
  static char const* const kWhat = "What runs (at least one)";
  static char const* const kSweep = "Sweep: the product of all lists; every value is repeatable and takes a,b,c";
  static char const* const kTensorrt = "TensorRT";
  static char const* const kMeasure = "Measuring";
  static char const* const kCheck = "Verification";
  static char const* const kOutput = "Output";
  static std::vector<OptionRow> const table = {
      {kWhat, "plugin", "OP", Arity::kMany, nullptr, "a built-in op as TensorRT plugin, or all; with --direct its kernels alone"},
      {kWhat, "native", "OP", Arity::kMany, nullptr, "TensorRT's own layers: relu, sigmoid, silu (sigmoid*x), add_scalar, identity"},
      {kWhat, "copy", "", Arity::kFlag, nullptr, "a device-to-device copy of the same tensors, as the bandwidth to reach"},
      {kWhat, "engine", "FILE", Arity::kOne, nullptr, "a serialised TensorRT engine"},
      {kWhat, "onnx", "FILE", Arity::kOne, nullptr, "an ONNX model, where TensorRT's ONNX parser is found"},
      {kWhat, "points", "FILE", Arity::kOne, nullptr,
       "one point a line (op=swish shape=65536x1024 dtype=fp32 block=256; # starts a comment), or a points document"},
      {kWhat, "direct", "", Arity::kFlag, nullptr, "launch plugin kernels without TensorRT; needs no TensorRT at all"},
      {kWhat, "name", "NAME", Arity::kOne, nullptr, "op name of --engine and --onnx points (default: the file's stem)"},

      {kSweep, "shape", "DIMS", Arity::kMany, nullptr, "tensor shape, as 65536x1024; scalar: rank 0"},
      {kSweep, "dtype", "TYPE", Arity::kMany, nullptr,
       "fp32, fp16 or bf16 of plugins, native layers and copy (default fp32); networks have their own"},
      {kSweep, "set", "KEY=VALUE", Arity::kMany, nullptr, "attribute of the op: --set block=128,256 --set variant=scalar,vectorized"},
      {kSweep, "only", "FILE", Arity::kOne, nullptr, "measure only the points of the sweep whose labels stand in FILE, one a line"},
      {kSweep, "threads", "N", Arity::kMany, "1", "host threads, each with its own execution context, streams and buffers"},
      {kSweep, "streams", "N", Arity::kMany, "1", "streams of each thread"},
      {kSweep, "cache-mode", "MODE", Arity::kMany, "cold",
       "cold: inputs come from DRAM (buffers rotate past twice the L2); warm: one buffer set"},
      {kSweep, "launch-mode", "MODE", Arity::kMany, "plain", "plain launches, or graph: one CUDA graph launch per iteration"},

      {kTensorrt, "plugin-library", "FILE", Arity::kMany, nullptr,
       "library with plugin creators (default: the one built beside this program; none: no library)"},
      {kTensorrt, "plugin-version", "TEXT", Arity::kOne, nullptr, "version of the plugin creator to look up (default: the op's)"},
      {kTensorrt, "tensorrt-library", "FILE", Arity::kOne, nullptr,
       "libnvinfer or libtensorrt_rtx to load (default: by name, $TENSORRT_LIBRARY_DIR first)"},
      {kTensorrt, "profile", "MIN:OPT:MAX", Arity::kOne, nullptr,
       "build one engine for a range of shapes: --profile 1x1024:8x1024:32x1024"},
      {kTensorrt, "input-shape", "NAME:DIMS", Arity::kMany, nullptr, "shape of a named input of --engine or --onnx"},
      {kTensorrt, "save-engine", "FILE", Arity::kOne, nullptr, "write the serialised engine; the sweep may need one engine only"},
      {kTensorrt, "cache-dir", "DIR", Arity::kOne, nullptr,
       "engine and timing caches (default $XDG_CACHE_HOME/profiler or ~/.cache/profiler)"},
      {kTensorrt, "no-engine-cache", "", Arity::kFlag, nullptr, "build every engine anew"},
      {kTensorrt, "timing-cache", "FILE", Arity::kOne, nullptr, "timing cache file (default: in the cache directory)"},
      {kTensorrt, "no-timing-cache", "", Arity::kFlag, nullptr, "time every tactic anew"},

      {kMeasure, "iterations", "N", Arity::kOne, nullptr, "measure exactly N iterations (per thread and stream)"},
      {kMeasure, "warmup", "N", Arity::kOne, "10", "iterations before measuring, per thread and stream"},
      {kMeasure, "min-iterations", "N", Arity::kOne, "50", "measure at least N iterations (default at most --max-iterations)"},
      {kMeasure, "max-iterations", "N", Arity::kOne, "20000", "measure at most N iterations (default at least --min-iterations)"},
      {kMeasure, "min-time", "SECONDS", Arity::kOne, "0.1", "measure at least this long (default at most --max-time)"},
      {kMeasure, "max-time", "SECONDS", Arity::kOne, "3", "stop after this long, stable or not (default at least --min-time)"},
      {kMeasure, "stability", "RATIO", Arity::kOne, "0.005", "stop when the median is known within this ratio (95 % interval and drift)"},
      {kMeasure, "measure", "HOW", Arity::kOne, "auto",
       "isolated: one lane, launch gaps hidden; throughput: lanes run freely; auto: isolated for one lane"},
      {kMeasure, "stream-flag", "FLAG", Arity::kOne, "non-blocking",
       "non-blocking, or blocking: synchronises with the legacy default stream"},
      {kMeasure, "device", "N", Arity::kOne, "0", "CUDA device"},

      {kCheck, "seed", "N", Arity::kOne, "1", "seed of the random inputs"},
      {kCheck, "reference", "OP", Arity::kOne, nullptr,
       "op that --engine and --onnx outputs are checked against (its attributes by --set)"},
      {kCheck, "tolerance-abs", "X", Arity::kOne, nullptr, "absolute tolerance instead of the op's own"},
      {kCheck, "tolerance-rel", "X", Arity::kOne, nullptr, "relative tolerance instead of the op's own"},
      {kCheck, "no-verify", "", Arity::kFlag, nullptr, "skip the comparison with the float64 reference (times are marked unverified)"},
      {kCheck, "output-digest", "", Arity::kFlag, nullptr, "record the SHA-256 of each output"},
      {kCheck, "save-output", "DIR", Arity::kOne, nullptr, "write each output as raw little-endian elements"},
      {kCheck, "compare-output", "DIR", Arity::kOne, nullptr,
       "compare each output with the one that --save-output wrote there; any difference fails"},

      {kOutput, "json", "[FILE]", Arity::kOptional, nullptr, "result file, rewritten after each point; stdout without FILE or for -"},
      {kOutput, "quiet", "", Arity::kFlag, nullptr, "no table on the terminal"},
      {kOutput, "dry-run", "", Arity::kFlag, nullptr, "list the points and stop; needs no GPU"},
      {kOutput, "list", "", Arity::kFlag, nullptr, "list ops, attributes, variants and types (--json: machine-readable, on stdout)"},
      {kOutput, "version", "", Arity::kFlag, nullptr, "print versions"},
      {kOutput, "help", "", Arity::kFlag, nullptr, "print this text"},
  };
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
    if (name == row.name) return &row;
  }
  return nullptr;
}

std::string helpText() {
  std::string text =
      "usage: profiler-driver (--plugin OP | --native OP | --copy | --engine FILE | --onnx FILE | --points FILE)… [options]\n\n"
      "Runs TensorRT engines, plugins or bare kernels over a sweep, checks every output, times every iteration and marks all of it\n"
      "with NVTX. Example: profiler-driver --direct --plugin swish --shape 65536x1024 --set block=128,256 --json result.json\n";
  char const* group = "";
  for (auto const& row : optionTable()) {
    if (std::strcmp(group, row.group) != 0) text += std::string("\n") + row.group + "\n";
    group = row.group;
    std::string left = std::string("  --") + row.name + (row.argument[0] ? std::string(" ") + row.argument : "");
    if (left.size() < 28) left.resize(28, ' ');
    text += left + "  " + row.help + (row.defaultText ? std::string(" [") + row.defaultText + "]" : "") + "\n";
  }
  text +=
      "\nExit codes: 0 all points ok (some may be skipped)   2 wrong usage   3 CUDA driver, TensorRT or another library missing\n"
      "            4 a point failed, or every point was skipped   6 a file is missing or unreadable   7 a point gave wrong output\n";
  return text;
}

}  // namespace profiler::driver
