#include "settings.hpp"

#include <algorithm>
#include <cmath>

#include "error.hpp"

// Text of the options, put into the program as it stands in the file.
__asm__(
    ".pushsection .rodata\n"
    ".hidden profilerCoreOptions\n.globl profilerCoreOptions\nprofilerCoreOptions:\n"
    ".incbin \"" PROFILER_CORE_OPTIONS_FILE
    "\"\n.byte 0\n"
    ".popsection\n");
extern "C" char const profilerCoreOptions[];

namespace profiler::core {
namespace {

std::string rangeText(Json const& option) { return "from " + dump(option["minimum"]) + " to " + dump(option["maximum"]); }

void requireChoice(Json const& option, Json const& value) {
  std::string known;
  for (auto const& choice : option["choices"]) {
    if (choice == value) return;
    known += (known.empty() ? "" : ", ") + choice.get<std::string>();
  }
  throw usageError(flagOf(option["name"]) + " is '" + (value.is_string() ? value.get<std::string>() : dump(value)) + "'",
                   "use one of " + known);
}

/// The value in its option's type. Numbers that arrive as text, from a command line, are read here.
Json checked(Json const& option, Json value) {
  std::string const type = option["type"], name = flagOf(option["name"]);
  if (type == "choice") {
    requireChoice(option, value);
    return value;
  }
  if (type == "flag") {
    if (!value.is_boolean()) throw usageError(name + " is no truth value", "give true or false");
    return value;
  }
  std::string const text = value.is_string() ? value.get<std::string>() : dump(value);
  if (value.is_string()) value = numberOrText(text);
  bool const fits = type == "integer" ? value.is_number_integer() : value.is_number();
  if (!fits || !std::isfinite(value.get<double>()) || value < option["minimum"] || value > option["maximum"]) {
    throw usageError(name + " is '" + text + "'",
                     std::string("give a ") + (type == "integer" ? "whole number " : "number ") + rangeText(option));
  }
  return value;
}

/// A bound that was given moves the default of the other one; two given bounds must fit each other.
void fitBounds(Json const& given, Json& filled, char const* low, char const* high) {
  if (filled[low] <= filled[high]) return;
  auto const isGiven = [&](char const* name) { return given.contains(name) && !given[name].is_null(); };
  if (!isGiven(low)) {
    filled[low] = filled[high];
  } else if (!isGiven(high)) {
    filled[high] = filled[low];
  } else {
    throw usageError(flagOf(low) + " is above " + flagOf(high), "lower the one or raise the other");
  }
}

template <typename Number>
std::optional<Number> optionalOf(Json const& value) {
  return value.is_null() ? std::nullopt : std::optional(value.get<Number>());
}

}  // namespace

std::string flagOf(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return "--" + name;
}

Json const& measuringOptions() {
  static Json const options = Json::parse(profilerCoreOptions)["options"];
  return options;
}

Json fillSettings(Json const& given) {
  if (!given.is_object() && !given.is_null()) throw usageError("settings are no object", "write {\"warmup\": 10}");
  std::vector<std::string> names;
  Json filled = Json::object();
  for (auto const& option : measuringOptions()) {
    std::string const name = names.emplace_back(option["name"]);
    bool const isGiven = given.contains(name) && !given[name].is_null();
    filled[name] = isGiven ? checked(option, given[name]) : option["default"];
  }
  for (auto const& [name, value] : given.items()) {
    if (!filled.contains(name))
      throw usageError("no setting is called '" + name + "'" + didYouMean(name, names), "see profiler/runner/options.json");
  }
  fitBounds(given, filled, "min_iterations", "max_iterations");
  fitBounds(given, filled, "min_time", "max_time");
  return filled;
}

Settings readSettings(Json const& filled) {
  Settings settings;
  settings.stop = {optionalOf<std::int64_t>(filled["iterations"]),
                   filled["min_iterations"],
                   filled["max_iterations"],
                   filled["min_time"],
                   filled["max_time"],
                   filled["stability"]};
  settings.warmup = filled["warmup"];
  std::string const measure = filled["measure"];
  settings.measure = measure == "auto" ? MeasureMode::kAuto : measure == "isolated" ? MeasureMode::kIsolated : MeasureMode::kThroughput;
  settings.blockingStreams = filled["stream_flag"] == "blocking";
  settings.seed = filled["seed"];
  settings.verify = filled["verify"];
  settings.timed = filled["timed"];
  settings.tolerance = {optionalOf<double>(filled["tolerance_abs"]), optionalOf<double>(filled["tolerance_rel"])};
  settings.execution = {filled["threads"], filled["streams"], filled["cache_mode"] == "cold" ? CacheMode::kCold : CacheMode::kWarm,
                        filled["launch_mode"] == "plain" ? LaunchMode::kPlain : LaunchMode::kGraph};
  return settings;
}

}  // namespace profiler::core
