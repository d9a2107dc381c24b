/// The one table of command-line options: name, argument, default, help and what excludes what. Parsing, `--help` and the echo in
/// the result file derive from it. How to measure stands in profiler/runner/options.json; its rows are made from that.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace profiler::driver {

enum class Arity { kFlag, kOne, kMany, kOptional };

struct OptionRow {
  std::string group;
  std::string name;      ///< Without the leading dashes.
  std::string argument;  ///< Placeholder in the help; empty for a flag.
  Arity arity;
  std::optional<std::string> defaultText;
  std::string help;
  std::string setting{};               ///< Name of the measuring option; empty for all others.
  std::vector<std::string> aliases{};  ///< Names of earlier versions, not in the help.
};

struct Contradiction {
  char const* first;
  char const* second;
  char const* reason;
};

std::vector<OptionRow> const& optionTable();
std::vector<Contradiction> const& contradictions();
OptionRow const* findOption(std::string const& name);

/// The text of `--help`.
std::string helpText();

}  // namespace profiler::driver
