/// Clock, temperature and throttling of one GPU through NVML, loaded at run time; every value is absent where NVML is not there.
#pragma once

#include <dlfcn.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace profiler::core {

// Values of the NVML ABI, which is stable across driver releases. Source: NVML API reference, nvmlReturn_t, nvmlClockType_t,
// nvmlTemperatureSensors_t and nvmlClocksEventReasons.
inline constexpr int kNvmlSuccess = 0;
inline constexpr int kNvmlClockSm = 1;
inline constexpr int kNvmlTemperatureGpu = 0;

inline constexpr std::pair<unsigned long long, char const*> kThrottleReasons[] = {
    {0x2, "applications_clocks_setting"},
    {0x4, "sw_power_cap"},
    {0x8, "hw_slowdown"},
    {0x10, "sync_boost"},
    {0x20, "sw_thermal"},
    {0x40, "hw_thermal"},
    {0x80, "hw_power_brake"},
    {0x100, "display_clock"},
};

struct GpuState {
  std::optional<std::int64_t> smClockHz;
  std::optional<std::int64_t> temperatureC;
  std::optional<std::vector<std::string>> throttleReasons;  ///< Reasons that slow the clock, idle left out; empty: none.
};

class Nvml {
 public:
  /// Loads NVML and finds the GPU by its UUID (`GPU-…`). Without NVML the object answers with absent values.
  explicit Nvml(std::string const& uuid) : mLibrary(dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL)) {
    auto const init = mLibrary ? reinterpret_cast<int (*)()>(dlsym(mLibrary, "nvmlInit_v2")) : nullptr;
    if (init && init() == kNvmlSuccess) mDevice = ask<void*>("nvmlDeviceGetHandleByUUID", uuid.c_str()).value_or(nullptr);
  }
  ~Nvml() {
    if (!mLibrary) return;
    if (auto const shutdown = reinterpret_cast<int (*)()>(dlsym(mLibrary, "nvmlShutdown"))) shutdown();
    dlclose(mLibrary);
  }
  Nvml(Nvml const&) = delete;
  Nvml& operator=(Nvml const&) = delete;

  GpuState state() const {
    GpuState state;
    if (!mDevice) return state;
    if (auto const megahertz = ask<unsigned int>("nvmlDeviceGetClockInfo", mDevice, kNvmlClockSm))
      state.smClockHz = *megahertz * 1'000'000LL;
    state.temperatureC = ask<unsigned int>("nvmlDeviceGetTemperature", mDevice, kNvmlTemperatureGpu);
    if (auto const bits = ask<unsigned long long>("nvmlDeviceGetCurrentClocksThrottleReasons", mDevice)) {
      state.throttleReasons.emplace();
      for (auto const& [bit, name] : kThrottleReasons)
        if (*bits & bit) state.throttleReasons->push_back(name);
    }
    return state;
  }
  /// Version of the display driver, as `580.65.06`.
  std::optional<std::string> displayDriver() const {
    std::array<char, 96> text{};
    using Version = int (*)(char*, unsigned int);
    auto const version = mLibrary ? reinterpret_cast<Version>(dlsym(mLibrary, "nvmlSystemGetDriverVersion")) : nullptr;
    if (!version || version(text.data(), text.size()) != kNvmlSuccess) return std::nullopt;
    return std::string(text.data());
  }

 private:
  /// What the function answers; absent where it is missing or fails.
  template <typename Value, typename... Given>
  std::optional<Value> ask(char const* function, Given... given) const {
    Value value{};
    auto const call = mLibrary ? reinterpret_cast<int (*)(Given..., Value*)>(dlsym(mLibrary, function)) : nullptr;
    return call && call(given..., &value) == kNvmlSuccess ? std::optional(value) : std::nullopt;
  }

  void* mLibrary = nullptr;
  void* mDevice = nullptr;
};

}  // namespace profiler::core
