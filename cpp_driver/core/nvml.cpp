#include "nvml.hpp"

#include <dlfcn.h>

#include <array>
#include <utility>

namespace profiler::core {
namespace {

// Values of the NVML ABI, which is stable across driver releases. Source: NVML API reference, nvmlReturn_t, nvmlClockType_t,
// nvmlTemperatureSensors_t and nvmlClocksEventReasons.
constexpr int kNvmlSuccess = 0;
constexpr int kNvmlClockSm = 1;
constexpr int kNvmlTemperatureGpu = 0;

constexpr std::pair<unsigned long long, char const*> kReasons[] = {
    {0x2, "applications_clocks_setting"},
    {0x4, "sw_power_cap"},
    {0x8, "hw_slowdown"},
    {0x10, "sync_boost"},
    {0x20, "sw_thermal"},
    {0x40, "hw_thermal"},
    {0x80, "hw_power_brake"},
    {0x100, "display_clock"},
};

}  // namespace

template <typename Value, typename... Given>
std::optional<Value> Nvml::ask(char const* function, Given... given) const {
  Value value{};
  auto const call = mLibrary ? reinterpret_cast<int (*)(Given..., Value*)>(dlsym(mLibrary, function)) : nullptr;
  return call && call(given..., &value) == kNvmlSuccess ? std::optional(value) : std::nullopt;
}

Nvml::Nvml(std::string const& uuid) : mLibrary(dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL)) {
  auto const init = mLibrary ? reinterpret_cast<int (*)()>(dlsym(mLibrary, "nvmlInit_v2")) : nullptr;
  if (init && init() == kNvmlSuccess) mDevice = ask<void*>("nvmlDeviceGetHandleByUUID", uuid.c_str()).value_or(nullptr);
}

Nvml::~Nvml() {
  if (!mLibrary) return;
  if (auto const shutdown = reinterpret_cast<int (*)()>(dlsym(mLibrary, "nvmlShutdown"))) shutdown();
  dlclose(mLibrary);
}

GpuState Nvml::state() const {
  GpuState state;
  if (!mDevice) return state;
  if (auto const megahertz = ask<unsigned int>("nvmlDeviceGetClockInfo", mDevice, kNvmlClockSm)) state.smClockHz = *megahertz * 1'000'000LL;
  state.temperatureC = ask<unsigned int>("nvmlDeviceGetTemperature", mDevice, kNvmlTemperatureGpu);
  if (auto const bits = ask<unsigned long long>("nvmlDeviceGetCurrentClocksThrottleReasons", mDevice)) {
    state.throttleReasons.emplace();
    for (auto const& [bit, name] : kReasons)
      if (*bits & bit) state.throttleReasons->push_back(name);
  }
  return state;
}

std::optional<std::string> Nvml::displayDriver() const {
  std::array<char, 96> text{};
  using Version = int (*)(char*, unsigned int);
  auto const version = mLibrary ? reinterpret_cast<Version>(dlsym(mLibrary, "nvmlSystemGetDriverVersion")) : nullptr;
  if (!version || version(text.data(), text.size()) != kNvmlSuccess) return std::nullopt;
  return std::string(text.data());
}

}  // namespace profiler::core
