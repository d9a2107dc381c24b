#include "options.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "error.hpp"
#include "json.hpp"
#include "nearest_name.hpp"
#include "number_text.hpp"
#include "option_table.hpp"
#include "request_points.hpp"

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
    return findOption(name)->defaultText.value_or("");
  }
  std::vector<std::string> list(char const* name) const {
    std::vector<std::string> items;
    auto const found = mGiven.find(name);
    if (found == mGiven.end()) {
      if (auto const& fallback = findOption(name)->defaultText) items.push_back(*fallback);
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
  options.threads = reader.list("threads");
  options.streams = reader.list("streams");
  options.caches = reader.list("cache-mode");
  options.launchModes = reader.list("launch-mode");
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

/// Settings that were given, by name; of a list the first value, all of which are checked.
Json givenSettings(Reader const& reader) {
  Json given = Json::object();
  for (auto const& row : optionTable()) {
    if (row.setting.empty() || !reader.flag(row.name.c_str())) continue;
    if (row.arity == Arity::kFlag) {
      given[row.setting] = false;
      continue;
    }
    auto const texts = row.arity == Arity::kMany ? reader.list(row.name.c_str()) : std::vector<std::string>{reader.text(row.name.c_str())};
    for (auto const& text : texts) fillSettings({{row.setting, text}});
    given[row.setting] = texts.front();
  }
  return given;
}

void readMeasuring(Options& options, Reader const& reader) {
  Json const filled = fillSettings(givenSettings(reader));
  options.settings = readSettings(filled);
  options.filledSettings = dump(filled);
  options.device = static_cast<int>(reader.integer("device", 0, 1023));
}

/// What a request of `profiler run` states stands for the options of the command line.
void readRequest(Options& options, std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(ExitCode::kFileMissing, "cannot read " + path, "check --request");
  try {
    Json const request = Json::parse(file);
    if (request.value("schema", std::string()) != "profiler-request") throw usageError(path + " is no request", "see docs/formats.md");
    Json const filled = fillSettings(request.value("settings", Json::object()));
    options.settings = readSettings(filled);
    options.filledSettings = dump(filled);
    options.threads = {std::to_string(options.settings.execution.threads)};
    options.streams = {std::to_string(options.settings.execution.streams)};
    options.caches = {filled["cache_mode"]};
    options.launchModes = {filled["launch_mode"]};
    options.pointsFile = path;
    options.direct = request.value("engine", std::string()) == "direct";
    options.pluginLibraries = options.direct ? std::vector<std::string>{} : request.value("plugin_libraries", std::vector<std::string>{});
    options.engineFile = request.value("engine_file", std::string());
    options.onnxFile = request.value("onnx_file", std::string());
    options.cacheDirectory = request.value("cache_folder", std::string());
    options.device = request.value("device", 0);
  } catch (Json::exception const& error) {
    throw usageError(path + ": broken request: " + error.what());
  }
}

void readRest(Options& options, Reader const& reader) {
  options.engineFile = reader.text("engine");
  options.onnxFile = reader.text("onnx");
  options.pointsFile = reader.text("points");
  options.onlyFile = reader.text("only");
  options.direct = reader.flag("direct");
  options.name = reader.text("name");
  options.reference = reader.text("reference");
  options.saveOutput = reader.text("save-output");
  options.compareOutput = reader.text("compare-output");
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
  bool const manyLanes = options.threads != std::vector<std::string>{"1"} || options.streams != std::vector<std::string>{"1"};
  if (options.settings.measure == MeasureMode::kIsolated && manyLanes) {
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
  bool const tolerance = options.settings.tolerance.absolute || options.settings.tolerance.relative;
  if (tolerance && network && options.reference.empty() && !options.copy) {
    throw usageError("--tolerance-abs and --tolerance-rel have nothing to apply to", "add --reference OP");
  }
  if (given("stability") && options.settings.measure == MeasureMode::kThroughput) {
    throw usageError("--stability contradicts --measure throughput: lanes run for --min-time and --min-iterations", "drop one of the two");
  }
  if (!options.saveOutput.empty() && !options.compareOutput.empty() && sameFolder(options.saveOutput, options.compareOutput)) {
    throw usageError("--save-output and --compare-output name one folder: outputs would be compared with themselves", "name two folders");
  }
}

/// A request states everything but where the result goes.
void refuseBesideRequest(Given const& given) {
  for (auto const& [name, texts] : given) {
    if (name == "request" || name == "json" || name == "quiet" || name == "dry-run" || name == "tensorrt-library") continue;
    throw usageError("--request contradicts --" + name + ": the request states it", "drop one of the two");
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
  if (reader.flag("request")) {
    refuseBesideRequest(options.given);
    readRequest(options, reader.text("request"));
    return options;
  }
  requireSomethingToRun(options);
  refuseForeignNames(options);
  if (!options.pointsFile.empty()) refuseListsBesidePoints(options);
  refuseIdleOptions(options);
  return options;
}

}  // namespace profiler::driver
