/// The one table of command-line options: name, argument, default, help and what excludes what. Parsing, `--help` and the echo in
/// the result file derive from it.
#pragma once

#include <string>
#include <vector>

namespace profiler::driver {

enum class Arity { kFlag, kOne, kMany, kOptional };

struct OptionRow {
  char const* group;
  char const* name;      ///< Without the leading dashes.
  char const* argument;  ///< Placeholder in the help; empty for a flag.
  Arity arity;
  char const* defaultText;  ///< Null when there is none.
  char const* help;
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
