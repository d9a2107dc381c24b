/// The one table of command-line options: name, argument, default, help and what excludes what. Parsing, `--help` and the echo in
/// the result file derive from it.
#pragma once

#include <string>
#include <vector>

namespace profiler::driver {

enum class Arity { kFlag, kOne, kMany, kOptional };

struct OptionRow {
  const char* group;
  const char* name;         ///< Without the leading dashes.
  const char* argument;     ///< Placeholder in the help; empty for a flag.
  Arity arity;
  const char* defaultText;  ///< Null when there is none.
  const char* help;
};

struct Contradiction {
  const char* first;
  const char* second;
  const char* reason;
};

const std::vector<OptionRow>& optionTable();
const std::vector<Contradiction>& contradictions();
const OptionRow* findOption(const std::string& name);

/// The text of `--help`.
std::string helpText();

}  // namespace profiler::driver
