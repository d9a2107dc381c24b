#include "options.hpp"

#include "error.hpp"
#include "nearest_name.hpp"
#include "number_text.hpp"
#include "option_table.hpp"

namespace profiler::driver {
namespace {

using Given = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> optionNames() {
  std::vector<std::string> names;
  for (const auto& row : optionTable()) names.push_back(std::string("--") + row.name);
  return names;
}

const OptionRow& requireOption(const std::string& word, const std::string& name) {
  if (word.rfind("--", 0) != 0) throw usageError("unexpected argument '" + word + "'", "options start with --; see profiler-driver --help");
  const OptionRow* row = findOption(name);
  if (row == nullptr) throw usageError("unknown option --" + name + didYouMean("--" + name, optionNames()));
  return *row;
}

Given splitWords(const std::vector<std::string>& words) {
  Given given;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t equals = words[i].find('=');
    const std::string name = words[i].substr(0, equals).substr(std::min<std::size_t>(2, words[i].size()));
    const OptionRow& row = requireOption(words[i], name);
    auto& texts = given[row.name];
    if (!texts.empty() && row.arity != Arity::kMany) throw usageError("--" + name + " is given twice");
    const bool attached = equals != std::string::npos;
    const bool nextIsValue = i + 1 < words.size() && words[i + 1].rfind("--", 0) != 0;
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

void refuseContradictions(const Given& given) {
  for (const auto& [first, second, reason] : contradictions()) {
    if (given.count(first) && given.count(second)) {
      throw usageError(std::string("--") + first + " contradicts --" + second + ": " + reason, "drop one of the two");
    }
  }
}

/// Texts of an option with list values split at commas, or its default, or nothing.
class Reader {
 public:
  explicit Reader(const Given& given) : mGiven(given) {}
  bool flag(const char* name) const { return mGiven.count(name) != 0; }
  std::string text(const char* name) const {
    const auto found = mGiven.find(name);
    if (found != mGiven.end()) {
      if (found->second.front().empty()) throw usageError(std::string("--") + name + " is empty");
      return found->second.front();
    }
    const char* fallback = findOption(name)->defaultText;
    return fallback ? fallback : "";
  }
  std::vector<std::string> list(const char* name) const {
    std::vector<std::string> items;
    const auto found = mGiven.find(name);
    if (found == mGiven.end()) {
      if (const char* fallback = findOption(name)->defaultText) items.push_back(fallback);
      return items;
    }
    for (const auto& text : found->second) {
      for (auto& item : splitList(std::string("--") + name, text)) items.push_back(std::move(item));
    }
    return items;
  }
  std::int64_t integer(const char* name, std::int64_t low, std::int64_t high) const {
    return parseInteger(std::string("--") + name, text(name), low, high);
  }
  double real(const char* name, double low, double high) const { return parseReal(std::string("--") + name, text(name), low, high); }
  template <typename Choice>
  Choice choice(const char* name, const std::string& value, const std::vector<std::pair<const char*, Choice>>& choices) const {
    std::string known;
    for (const auto& [word, meaning] : choices) {
      if (value == word) return meaning;
      known += (known.empty() ? "" : ", ") + std::string(word);
    }
    throw usageError(std::string("--") + name + " is '" + value + "'", "use one of " + known);
  }

 private:
  const Given& mGiven;
};

void readSets(Options& options, const Given& given) {
  const auto found = given.find("set");
  if (found == given.end()) return;
  for (const auto& text : found->second) {
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) throw usageError("--set '" + text + "' is no KEY=VALUE", "write --set block=128,256");
    const std::string key = text.substr(0, equals);
    for (const char* reserved : {"op", "shape", "dtype", "threads", "streams", "cache_mode", "launch_mode"}) {
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

void readSweep(Options& options, const Reader& reader) {
  options.plugins = reader.list("plugin");
  options.natives = reader.list("native");
  options.copy = reader.flag("copy");
  options.shapes = reader.list("shape");
  options.types = reader.list("dtype");
  for (const auto& item : reader.list("threads")) options.threads.push_back(static_cast<int>(parseInteger("--threads", item, 1, 256)));
  for (const auto& item : reader.list("streams")) options.streams.push_back(static_cast<int>(parseInteger("--streams", item, 1, 256)));
  for (const auto& item : reader.list("cache-mode")) {
    options.caches.push_back(reader.choice<CacheMode>("cache-mode", item, {{"cold", CacheMode::kCold}, {"warm", CacheMode::kWarm}}));
  }
  for (const auto& item : reader.list("launch-mode")) {
    options.launchModes.push_back(
        reader.choice<LaunchMode>("launch-mode", item, {{"plain", LaunchMode::kPlain}, {"graph", LaunchMode::kGraph}}));
  }
  for (const auto& item : reader.list("input-shape")) {
    const std::size_t colon = item.rfind(':');
    if (colon == std::string::npos || colon == 0) throw usageError("--input-shape '" + item + "'", "write NAME:DIMS, as input:1x1024");
    options.inputShapes[item.substr(0, colon)] = parseShape(item.substr(colon + 1));
  }
}

std::optional<Options::ShapeRange> readProfile(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t first = text.find(':');
  const std::size_t second = first == std::string::npos ? first : text.find(':', first + 1);
  if (second == std::string::npos) throw usageError("--profile '" + text + "'", "write MIN:OPT:MAX, as 1x1024:8x1024:32x1024");
  Options::ShapeRange range{parseShape(text.substr(0, first)), parseShape(text.substr(first + 1, second - first - 1)),
                            parseShape(text.substr(second + 1))};
  const bool sameRank = range.min.size() == range.opt.size() && range.opt.size() == range.max.size();
  bool ordered = sameRank;
  for (std::size_t i = 0; ordered && i < range.min.size(); ++i) ordered = range.min[i] <= range.opt[i] && range.opt[i] <= range.max[i];
  if (!ordered) throw usageError("--profile '" + text + "' is not ordered", "three shapes of one rank with MIN <= OPT <= MAX in each extent");
  return range;
}

void readTensorrt(Options& options, const Reader& reader) {
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

void readMeasuring(Options& options, const Reader& reader) {
  constexpr std::int64_t kMost = 100'000'000;
  if (reader.flag("iterations")) options.stop.fixedIterations = reader.integer("iterations", 1, kMost);
  options.warmup = reader.integer("warmup", 0, kMost);
  options.stop.minIterations = reader.integer("min-iterations", 1, kMost);
  options.stop.maxIterations = reader.integer("max-iterations", 1, kMost);
  options.stop.minSeconds = reader.real("min-time", 0.0, 86400.0);
  options.stop.maxSeconds = reader.real("max-time", 0.0, 86400.0);
  options.stop.stability = reader.real("stability", 0.0, 1.0);
  if (options.stop.minIterations > options.stop.maxIterations) throw usageError("--min-iterations is above --max-iterations");
  if (options.stop.minSeconds > options.stop.maxSeconds) throw usageError("--min-time is above --max-time");
  options.measure = reader.choice<MeasureMode>(
      "measure", reader.text("measure"),
      {{"auto", MeasureMode::kAuto}, {"isolated", MeasureMode::kIsolated}, {"throughput", MeasureMode::kThroughput}});
  options.blockingStreams = reader.choice<bool>("stream-flag", reader.text("stream-flag"), {{"non-blocking", false}, {"blocking", true}});
  options.device = static_cast<int>(reader.integer("device", 0, 1023));
}

void readRest(Options& options, const Reader& reader) {
  options.engineFile = reader.text("engine");
  options.onnxFile = reader.text("onnx");
  options.pointsFile = reader.text("points");
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

void requireSomethingToRun(const Options& options) {
  if (options.help || options.version || options.list) return;
  const bool network = !options.engineFile.empty() || !options.onnxFile.empty();
  const bool ops = !options.plugins.empty() || !options.natives.empty() || options.copy;
  if (!network && !ops && options.pointsFile.empty()) {
    throw usageError("nothing to run", "give --plugin, --native, --copy, --engine, --onnx or --points; --list shows the ops");
  }
  if (ops && !network && options.shapes.empty()) throw usageError("no --shape", "add --shape 65536x1024 (repeatable)");
  if (!options.name.empty() && !network) throw usageError("--name is for --engine and --onnx");
  if (!options.reference.empty() && !network) throw usageError("--reference is for --engine and --onnx", "ops bring their own reference");
  if (network && !options.sets.empty() && options.reference.empty()) throw usageError("--set has nothing to set", "an engine's attributes are built in; add --reference OP to check against that op with them");
  const bool manyLanes = options.threads != std::vector<int>{1} || options.streams != std::vector<int>{1};
  if (options.measure == MeasureMode::kIsolated && manyLanes) {
    throw usageError("--measure isolated needs one thread and one stream", "use --measure throughput");
  }
}

}  // namespace

Options parseOptions(const std::vector<std::string>& words) {
  Options options;
  options.given = splitWords(words);
  refuseContradictions(options.given);
  const Reader reader(options.given);
  readSweep(options, reader);
  readSets(options, options.given);
  readTensorrt(options, reader);
  readMeasuring(options, reader);
  readRest(options, reader);
  requireSomethingToRun(options);
  return options;
}

}  // namespace profiler::driver
