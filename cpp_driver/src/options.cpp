#include "options.hpp"

#include <algorithm>
#include <filesystem>

#include "error.hpp"
#include "nearest_name.hpp"
#include "number_text.hpp"
#include "option_table.hpp"
#include "sweep.hpp"

namespace profiler::driver {
namespace {

using Given = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> optionNames() {
  std::vector<std::string> names;
  for (auto const& row : optionTable()) names.push_back(std::string("--") + row.name);
  return names;
}

OptionRow const& requireOption(std::string const& word, std::string const& name) {
  if (word.rfind("--", 0) != 0) throw usageError("unexpected argument '" + word + "'", "options start with --; see profiler-driver --help");
  OptionRow const* row = findOption(name);
  if (row == nullptr) throw usageError("unknown option --" + name + didYouMean("--" + name, optionNames()));
  return *row;
}

Given splitWords(std::vector<std::string> const& words) {
  Given given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t const equals = words[i].find('=');
    std::string const name = words[i].substr(0, equals).substr(std::min<std::size_t>(2, words[i].size()));
    OptionRow const& row = requireOption(words[i], name);
    auto& texts = given[row.name];
    if (!texts.empty() && row.arity != Arity::kMany) throw usageError("--" + name + " is given twice");
    bool const attached = equals != std::string::npos;
    bool const nextIsValue = i + 1 < words.size() && words[i + 1].rfind("--", 0) != 0;
    if (row.arity == Arity::kFlag) {
      if (attached) throw usageError("--" + name + " takes no value");
      texts.push_back("true");
    } else if (attached) {
      texts.push_back(words[i].substr(equals + 1));
    } else if (nextIsValue) {
      texts.push_back(words[++i]);
    } else if (row.arity == Arity::kOptional) {
      texts.push_back("-");
    } else {
      throw usageError("--" + name + " needs a value: --" + name + " " + row.argument);
    }
  }
  return given;
}

void refuseContradictions(Given const& given) {
  for (auto const& [first, second, reason] : contradictions()) {
    if (given.count(first) && given.count(second)) {
      throw usageError(std::string("--") + first + " contradicts --" + second + ": " + reason, "drop one of the two");
    }
  }
}

/// Texts of an option with list values split at commas, or its default, or nothing.
class Reader {
 public:
  explicit Reader(Given const& given) : mGiven(given) {}
  bool flag(char const* name) const { return mGiven.count(name) != 0; }
  std::string text(char const* name) const {
    auto const found = mGiven.find(name);
    if (found != mGiven.end()) {
      if (found->second.front().empty()) throw usageError(std::string("--") + name + " is empty");
      return found->second.front();
    }
    char const* fallback = findOption(name)->defaultText;
    return fallback ? fallback : "";
  }
  std::vector<std::string> list(char const* name) const {
    std::vector<std::string> items;
    auto const found = mGiven.find(name);
    if (found == mGiven.end()) {
      if (char const* fallback = findOption(name)->defaultText) items.push_back(fallback);
      return items;
    }
    for (auto const& text : found->second) {
      for (auto& item : splitList(std::string("--") + name, text)) items.push_back(std::move(item));
    }
    return items;
  }
  std::int64_t integer(char const* name, std::int64_t low, std::int64_t high) const {
    return parseInteger(std::string("--") + name, text(name), low, high);
  }
  double real(char const* name, double low, double high) const { return parseReal(std::string("--") + name, text(name), low, high); }
  template <typename Choice>
  Choice choice(char const* name, std::string const& value, std::vector<std::pair<char const*, Choice>> const& choices) const {
    std::string known;
    for (auto const& [word, meaning] : choices) {
      if (value == word) return meaning;
      known += (known.empty() ? "" : ", ") + std::string(word);
    }
    throw usageError(std::string("--") + name + " is '" + value + "'", "use one of " + known);
  }

 private:
  Given const& mGiven;
};

void readSets(Options& options, Given const& given) {
  auto const found = given.find("set");
  if (found == given.end()) return;
  for (auto const& text : found->second) {
    std::size_t const equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) throw usageError("--set '" + text + "' is no KEY=VALUE", "write --set block=128,256");
    std::string const key = text.substr(0, equals);
    for (char const* reserved : {"op", "shape", "dtype", "threads", "streams", "cache_mode", "launch_mode"}) {
      if (key == reserved) throw usageError("--set " + key + " is no attribute", "use the option of that name");
    }
    auto values = splitList("--set " + key, text.substr(equals + 1));
    auto same = options.sets.begin();
    while (same != options.sets.end() && same->first != key) ++same;
    if (same == options.sets.end()) {
      options.sets.emplace_back(key, std::move(values));
    } else {
      same->second.insert(same->second.end(), values.begin(), values.end());
    }
  }
}

void readSweep(Options& options, Reader const& reader) {
  options.plugins = reader.list("plugin");
  options.natives = reader.list("native");
  options.copy = reader.flag("copy");
  options.shapes = reader.list("shape");
  options.types = reader.list("dtype");
  for (auto const& item : reader.list("threads")) options.threads.push_back(static_cast<int>(parseInteger("--threads", item, 1, 256)));
  for (auto const& item : reader.list("streams")) options.streams.push_back(static_cast<int>(parseInteger("--streams", item, 1, 256)));
  for (auto const& item : reader.list("cache-mode")) {
    options.caches.push_back(reader.choice<CacheMode>("cache-mode", item, {{"cold", CacheMode::kCold}, {"warm", CacheMode::kWarm}}));
  }
  for (auto const& item : reader.list("launch-mode")) {
    options.launchModes.push_back(
        reader.choice<LaunchMode>("launch-mode", item, {{"plain", LaunchMode::kPlain}, {"graph", LaunchMode::kGraph}}));
  }
  for (auto const& item : reader.list("input-shape")) {
    std::size_t const colon = item.rfind(':');
    if (colon == std::string::npos || colon == 0) throw usageError("--input-shape '" + item + "'", "write NAME:DIMS, as input:1x1024");
    std::string const name = item.substr(0, colon);
    if (!options.inputShapes.emplace(name, parseShape(item.substr(colon + 1))).second) {
      throw usageError("--input-shape names the input '" + name + "' twice", "give each input one shape; --shape takes a list");
    }
  }
}

std::optional<Options::ShapeRange> readProfile(std::string const& text) {
  if (text.empty()) return std::nullopt;
  std::size_t const first = text.find(':');
  std::size_t const second = first == std::string::npos ? first : text.find(':', first + 1);
  if (second == std::string::npos) throw usageError("--profile '" + text + "'", "write MIN:OPT:MAX, as 1x1024:8x1024:32x1024");
  Options::ShapeRange range{parseShape(text.substr(0, first)), parseShape(text.substr(first + 1, second - first - 1)),
                            parseShape(text.substr(second + 1))};
  bool const sameRank = range.min.size() == range.opt.size() && range.opt.size() == range.max.size();
  bool ordered = sameRank;
  for (std::size_t i = 0; ordered && i < range.min.size(); ++i) ordered = range.min[i] <= range.opt[i] && range.opt[i] <= range.max[i];
  if (!ordered)
    throw usageError("--profile '" + text + "' is not ordered", "three shapes of one rank with MIN <= OPT <= MAX in each extent");
  return range;
}

void readTensorrt(Options& options, Reader const& reader) {
  options.pluginLibraries = reader.list("plugin-library");
  options.pluginVersion = reader.text("plugin-version");
  options.tensorrtLibrary = reader.text("tensorrt-library");
  options.profile = readProfile(reader.text("profile"));
  options.saveEngine = reader.text("save-engine");
  options.cacheDirectory = reader.text("cache-dir");
  options.timingCache = reader.text("timing-cache");
  options.engineCache = !reader.flag("no-engine-cache");
  options.useTimingCache = !reader.flag("no-timing-cache");
}

/// A bound that was given moves the default of the other one; two given bounds must fit each other.
template <typename Number>
void fitBounds(Reader const& reader, char const* lowName, Number& low, char const* highName, Number& high) {
  if (low <= high) return;
  if (!reader.flag(lowName)) {
    low = high;
  } else if (!reader.flag(highName)) {
    high = low;
  } else {
    throw usageError(std::string("--") + lowName + " is above --" + highName, "lower the one or raise the other");
  }
}

void readMeasuring(Options& options, Reader const& reader) {
  constexpr std::int64_t kMost = 100'000'000;
  if (reader.flag("iterations")) options.stop.fixedIterations = reader.integer("iterations", 1, kMost);
  options.warmup = reader.integer("warmup", 0, kMost);
  options.stop.minIterations = reader.integer("min-iterations", 1, kMost);
  options.stop.maxIterations = reader.integer("max-iterations", 1, kMost);
  options.stop.minSeconds = reader.real("min-time", 0.0, 86400.0);
  options.stop.maxSeconds = reader.real("max-time", 0.0, 86400.0);
  options.stop.stability = reader.real("stability", 0.0, 1.0);
  fitBounds(reader, "min-iterations", options.stop.minIterations, "max-iterations", options.stop.maxIterations);
  fitBounds(reader, "min-time", options.stop.minSeconds, "max-time", options.stop.maxSeconds);
  options.measure = reader.choice<MeasureMode>(
      "measure", reader.text("measure"),
      {{"auto", MeasureMode::kAuto}, {"isolated", MeasureMode::kIsolated}, {"throughput", MeasureMode::kThroughput}});
  options.blockingStreams = reader.choice<bool>("stream-flag", reader.text("stream-flag"), {{"non-blocking", false}, {"blocking", true}});
  options.device = static_cast<int>(reader.integer("device", 0, 1023));
}

void readRest(Options& options, Reader const& reader) {
  options.engineFile = reader.text("engine");
  options.onnxFile = reader.text("onnx");
  options.pointsFile = reader.text("points");
  options.onlyFile = reader.text("only");
  options.direct = reader.flag("direct");
  options.name = reader.text("name");
  options.seed = static_cast<std::uint64_t>(reader.integer("seed", 0, std::int64_t{1} << 62));
  options.reference = reader.text("reference");
  options.saveOutput = reader.text("save-output");
  options.compareOutput = reader.text("compare-output");
  if (reader.flag("tolerance-abs")) options.toleranceAbs = reader.real("tolerance-abs", 0.0, 1e300);
  if (reader.flag("tolerance-rel")) options.toleranceRel = reader.real("tolerance-rel", 0.0, 1e300);
  options.verify = !reader.flag("no-verify");
  options.outputDigest = reader.flag("output-digest");
  if (reader.flag("json")) options.json = reader.text("json");
  options.quiet = reader.flag("quiet");
  options.dryRun = reader.flag("dry-run");
  options.list = reader.flag("list");
  options.version = reader.flag("version");
  options.help = reader.flag("help");
}

void requireSomethingToRun(Options const& options) {
  bool const network = !options.engineFile.empty() || !options.onnxFile.empty();
  bool const ops = !options.plugins.empty() || !options.natives.empty() || options.copy;
  if (!network && !ops && options.pointsFile.empty()) {
    throw usageError("nothing to run", "give --plugin, --native, --copy, --engine, --onnx or --points; --list shows the ops");
  }
  if (ops && !network && options.shapes.empty()) throw usageError("no --shape", "add --shape 65536x1024 (repeatable)");
  if (!options.name.empty() && !network) throw usageError("--name is for --engine and --onnx");
  if (!options.reference.empty() && !network) throw usageError("--reference is for --engine and --onnx", "ops bring their own reference");
  if (network && !options.sets.empty() && options.reference.empty())
    throw usageError("--set has nothing to set",
                     "an engine's attributes are built in; add --reference OP to check against that op with them");
  bool const manyLanes = options.threads != std::vector<int>{1} || options.streams != std::vector<int>{1};
  if (options.measure == MeasureMode::kIsolated && manyLanes) {
    throw usageError("--measure isolated needs one thread and one stream", "use --measure throughput");
  }
}

/// Names that another option of the first group takes.
void refuseForeignNames(Options const& options) {
  for (auto const& name : options.plugins) {
    if (name == kCopyOp) throw usageError("--plugin copy: the copy is no plugin", "use --copy");
    if (name.rfind(kNativePrefix, 0) == 0) {
      throw usageError("--plugin " + name + ": a native layer is no plugin", "use --native " + name.substr(sizeof kNativePrefix - 1));
    }
  }
}

/// A points file states one point a line; a list beside it would have to multiply them, and labels would no longer name them.
void refuseListsBesidePoints(Options const& options) {
  auto const single = [](char const* option, char const* key, std::size_t count) {
    if (count < 2) return;
    throw usageError(std::string("--points contradicts a list of --") + option + ": the points file states the whole sweep",
                     std::string("give one value for all points, or write ") + key + "=VALUE in the lines");
  };
  single("threads", "threads", options.threads.size());
  single("streams", "streams", options.streams.size());
  single("cache-mode", "cache_mode", options.caches.size());
  single("launch-mode", "launch_mode", options.launchModes.size());
}

bool sameFolder(std::string const& left, std::string const& right) {
  auto const canonical = [](std::string const& path) {
    std::error_code error;
    auto const found = std::filesystem::weakly_canonical(std::filesystem::path(path) / "", error);
    return error ? std::filesystem::path(path).lexically_normal() : found;
  };
  return canonical(left) == canonical(right);
}

/// Options that would change nothing in this run.
void refuseIdleOptions(Options const& options) {
  bool const network = !options.engineFile.empty() || !options.onnxFile.empty();
  bool const copyAlone = options.copy && !network && options.plugins.empty() && options.natives.empty();
  auto const given = [&](char const* name) { return options.given.count(name) != 0; };
  for (char const* name : {"save-engine", "profile", "cache-dir", "no-engine-cache", "timing-cache", "no-timing-cache"}) {
    if (copyAlone && given(name)) {
      throw usageError(std::string("--") + name + " has no effect on --copy: no engine is built",
                       "drop it, or add --plugin, --native or --onnx");
    }
  }
  bool const takesPlugins = !options.plugins.empty() || !options.pointsFile.empty();
  if (given("plugin-version") && !takesPlugins)
    throw usageError("--plugin-version is for --plugin and --points", "drop it, or add --plugin OP");
  if (!options.inputShapes.empty() && !network) {
    throw usageError("--input-shape is for --engine and --onnx", "ops and the copy take --shape, points their own shape");
  }
  if (network && !options.types.empty() && !options.copy) {
    throw usageError("--dtype has no effect: an engine or model has its own types", "drop it; tensors in the result tell the types");
  }
  bool const tolerance = options.toleranceAbs || options.toleranceRel;
  if (tolerance && network && options.reference.empty() && !options.copy) {
    throw usageError("--tolerance-abs and --tolerance-rel have nothing to apply to", "add --reference OP");
  }
  if (given("stability") && options.measure == MeasureMode::kThroughput) {
    throw usageError("--stability contradicts --measure throughput: lanes run for --min-time and --min-iterations", "drop one of the two");
  }
  if (!options.saveOutput.empty() && !options.compareOutput.empty() && sameFolder(options.saveOutput, options.compareOutput)) {
    throw usageError("--save-output and --compare-output name one folder: outputs would be compared with themselves", "name two folders");
  }
}

}  // namespace

Options parseOptions(std::vector<std::string> const& words) {
  Options options;
  options.given = splitWords(words);
  refuseContradictions(options.given);
  Reader const reader(options.given);
  readSweep(options, reader);
  readSets(options, options.given);
  readTensorrt(options, reader);
  readMeasuring(options, reader);
  readRest(options, reader);
  if (options.list && options.json && options.json != "-") {
    throw usageError("--list --json writes to stdout, not to " + *options.json, "redirect it: --list --json > FILE");
  }
  if (options.help || options.version || options.list) return options;
  requireSomethingToRun(options);
  refuseForeignNames(options);
  if (!options.pointsFile.empty()) refuseListsBesidePoints(options);
  refuseIdleOptions(options);
  return options;
}

}  // namespace profiler::driver
