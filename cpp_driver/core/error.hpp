/// What goes wrong, as its user is told: a message, the remedy and the exit code of the process.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "contract/field.hpp"

namespace profiler::core {

/// Exit codes of `profiler-driver`; `--help` and README.md explain them.
enum class ExitCode : int {
  kOk = 0,
  kInternal = 1,
  kUsage = 2,
  kLibraryMissing = 3,
  kRunFailed = 4,
  kFileMissing = 6,
  kWrongOutput = 7,
};

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, std::string const& message, std::string hint = {})
      : std::runtime_error(message), mCode(code), mHint(std::move(hint)) {}
  ExitCode code() const { return mCode; }
  std::string const& hint() const { return mHint; }

 private:
  ExitCode mCode;
  std::string mHint;
};

/// The command line or a points file is wrong.
inline Error usageError(std::string const& message, std::string hint = "see profiler-driver --help") {
  return Error(ExitCode::kUsage, message, std::move(hint));
}

/// Returns ` (did you mean X?)`, or an empty string when no candidate is near.
inline std::string didYouMean(std::string const& name, std::vector<std::string> const& candidates) {
  std::string const nearest = plugins::nearestName(name, {candidates.begin(), candidates.end()});
  return nearest.empty() ? "" : " (did you mean " + nearest + "?)";
}

/// One configuration cannot be run here; the sweep records it as `skipped` and goes on.
class Unsupported : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A failed call of the CUDA driver or runtime.
class CudaError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The exception that is being handled, as its user is told. Call it in a `catch (...)`.
inline Error currentError() {
  try {
    throw;
  } catch (Error const& error) {
    return error;
  } catch (Unsupported const& error) {
    return Error(ExitCode::kRunFailed, error.what());
  } catch (CudaError const& error) {
    return Error(ExitCode::kRunFailed, error.what(), "see that the GPU is healthy and free: nvidia-smi");
  } catch (std::exception const& error) {
    return Error(ExitCode::kInternal, std::string("internal: ") + error.what(), "this is a defect; please report it with what was run");
  }
}

}  // namespace profiler::core
