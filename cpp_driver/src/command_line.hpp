/// Every option of the driver once: its name, its place, its help. How to measure stands in profiler/runner/options.json.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "options.hpp"

namespace profiler::driver {

class CommandLine {
 public:
  CommandLine();

  /// Splits the words into the members below. Throws Error(kUsage) for what is no option, a missing value, and options that contradict
  /// one another.
  void parse(std::vector<std::string> const& words);
  bool has(std::string const& name) const { return options.given.count(name) != 0; }
  std::string help() const { return mApp.help(); }

  Options options;
  std::map<std::string, std::vector<std::string>> settings;  ///< Texts by the setting's name.
  std::vector<std::string> sets, inputShapes;
  std::string profile, request;

 private:
  void flag(char const* group, char const* name, bool& target, char const* help, bool value = true);
  void text(char const* group, char const* name, char const* argument, std::string& target, char const* help);
  void list(char const* group, char const* name, char const* argument, std::vector<std::string>& target, char const* help);
  void addWhat();
  void addTensorrt();
  void addRest();
  void addSettings(bool lists, char const* group);
  void refuseContradictions() const;

  CLI::App mApp;
};

}  // namespace profiler::driver
