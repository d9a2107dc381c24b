/// Clock, temperature and throttling of one GPU through NVML, loaded at run time; every value is absent where NVML is not there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace profiler::core {

struct GpuState {
  std::optional<std::int64_t> smClockHz;
  std::optional<std::int64_t> temperatureC;
  std::optional<std::vector<std::string>> throttleReasons;  ///< Reasons that slow the clock, idle left out; empty: none.
};

class Nvml {
 public:
  /// Loads NVML and finds the GPU by its UUID (`GPU-…`). Without NVML the object answers with absent values.
  explicit Nvml(std::string const& uuid);
  ~Nvml();
  Nvml(Nvml const&) = delete;
  Nvml& operator=(Nvml const&) = delete;

  GpuState state() const;
  /// Version of the display driver, as `580.65.06`.
  std::optional<std::string> displayDriver() const;

 private:
  /// What the function answers; absent where it is missing or fails.
  template <typename Value, typename... Given>
  std::optional<Value> ask(char const* function, Given... given) const;

  void* mLibrary = nullptr;
  void* mDevice = nullptr;
};

}  // namespace profiler::core
