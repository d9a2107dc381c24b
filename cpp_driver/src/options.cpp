#include "options.hpp"

#include <algorithm>
#include <filesystem>

#include "command_line.hpp"
#include "error.hpp"
#include "files.hpp"
#include "sweep.hpp"

namespace profiler::driver {
namespace {

/// Splits at commas; an empty item is refused.
std::vector<std::string> splitList(std::string const& what, std::string const& text) {
  std::vector<std::string> items;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t const end = std::min(text.find(',', at), text.size());
    if (end == at) throw usageError(what + " has an empty value in '" + text + "'", "separate values by single commas");
    items.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return items;
}

std::vector<std::string> splitLists(std::string const& what, std::vector<std::string> const& texts) {
  std::vector<std::string> items;
  for (auto const& text : texts)
    for (auto& item : splitList(what, text)) items.push_back(std::move(item));
  return items;
}

void readSets(Options& options, std::vector<std::string> const& texts) {
  for (auto const& text : texts) {
    std::size_t const equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) throw usageError("--set '" + text + "' is no KEY=VALUE", "write --set block=128,256");
    std::string const key = text.substr(0, equals);
    for (char const* reserved : {"op", "shape", "dtype", "threads", "streams", "cache_mode", "launch_mode"}) {
      if (key == reserved) throw usageError("--set " + key + " is no attribute", "use the option of that name");
    }
    auto same = std::find_if(options.sets.begin(), options.sets.end(), [&](auto const& set) { return set.first == key; });
    if (same == options.sets.end()) same = options.sets.insert(same, {key, {}});
    for (auto& value : splitList("--set " + key, text.substr(equals + 1))) same->second.push_back(std::move(value));
  }
}

void readInputShapes(Options& options, std::vector<std::string> const& texts) {
  for (auto const& item : splitLists("--input-shape", texts)) {
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
  bool ordered = range.min.size() == range.opt.size() && range.opt.size() == range.max.size();
  for (std::size_t i = 0; ordered && i < range.min.size(); ++i) ordered = range.min[i] <= range.opt[i] && range.opt[i] <= range.max[i];
  if (!ordered)
    throw usageError("--profile '" + text + "' is not ordered", "three shapes of one rank with MIN <= OPT <= MAX in each extent");
  return range;
}

void takeSettings(Options& options, Json const& given) {
  options.filledSettings = fillSettings(given);
  options.settings = core::readSettings(options.filledSettings);
}

/// Of a setting that is a list the first value stands for all points; every one is checked.
void readSettings(Options& options, std::map<std::string, std::vector<std::string>> const& texts) {
  Json given = Json::object();
  for (Json const& option : measuringOptions()) {
    std::string const name = option["name"];
    bool const isList = option.value("list", false);
    auto const values = isList ? splitLists(name, texts.at(name)) : texts.at(name);
    auto const read = [&](std::string const& text) { return option["type"] == "flag" ? Json(text == "true") : Json(text); };
    for (auto const& text : values) fillSettings({{name, read(text)}});
    if (!values.empty()) given[name] = read(values.front());
    if (isList) options.execution[name] = values;
  }
  takeSettings(options, given);
}

/// What a request of `profiler run` states stands for the options of the command line.
void readRequest(Options& options, std::string const& path) {
  try {
    Json const request = Json::parse(readFile(path, "check --request"));
    if (request.value("schema", std::string()) != "profiler-request") throw usageError(path + " is no request", "see docs/formats.md");
    takeSettings(options, request.value("settings", Json::object()));
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

void requireSomethingToRun(Options const& options) {
  bool const network = !options.network().empty();
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
  auto const many = [&](char const* key) {
    auto const& values = options.execution.at(key);
    return !values.empty() && values != std::vector<std::string>{"1"};
  };
  if (options.settings.measure == MeasureMode::kIsolated && (many("threads") || many("streams"))) {
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
  for (std::string const key : {"threads", "streams", "cache_mode", "launch_mode"}) {
    if (options.execution.at(key).size() < 2) continue;
    throw usageError("--points contradicts a list of " + flagOf(key) + ": the points file states the whole sweep",
                     "give one value for all points, or write " + key + "=VALUE in the lines");
  }
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
  bool const network = !options.network().empty();
  bool const copyAlone = options.copy && !network && options.plugins.empty() && options.natives.empty();
  auto const given = [&](char const* name) { return options.given.count(name) != 0; };
  for (char const* name : {"save-engine", "profile", "cache-dir", "no-engine-cache", "timing-cache", "no-timing-cache"}) {
    if (!copyAlone || !given(name)) continue;
    throw usageError(std::string("--") + name + " has no effect on --copy: no engine is built",
                     "drop it, or add --plugin, --native or --onnx");
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
void refuseBesideRequest(Options const& options) {
  for (auto const& [name, texts] : options.given) {
    if (name == "request" || name == "json" || name == "quiet" || name == "dry-run" || name == "tensorrt-library") continue;
    throw usageError("--request contradicts --" + name + ": the request states it", "drop one of the two");
  }
}

}  // namespace

Options parseOptions(std::vector<std::string> const& words) {
  CommandLine line;
  line.parse(words);
  Options& options = line.options;
  for (auto& [name, texts] :
       {std::pair{"plugin", &options.plugins}, std::pair{"native", &options.natives}, std::pair{"shape", &options.shapes},
        std::pair{"dtype", &options.types}, std::pair{"plugin-library", &options.pluginLibraries}}) {
    *texts = splitLists(std::string("--") + name, *texts);
  }
  readSets(options, line.sets);
  readInputShapes(options, line.inputShapes);
  options.profile = readProfile(line.profile);
  readSettings(options, line.settings);
  if (options.list && !options.json.empty() && options.json != "-") {
    throw usageError("--list --json writes to stdout, not to " + options.json, "redirect it: --list --json > FILE");
  }
  if (options.help || options.version || options.list) return options;
  if (!line.request.empty()) {
    refuseBesideRequest(options);
    readRequest(options, line.request);
    return options;
  }
  requireSomethingToRun(options);
  refuseForeignNames(options);
  if (!options.pointsFile.empty()) refuseListsBesidePoints(options);
  refuseIdleOptions(options);
  return options;
}

std::string helpText() { return CommandLine().help(); }

}  // namespace profiler::driver
