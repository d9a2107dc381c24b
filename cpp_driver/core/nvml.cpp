#include "nvml.hpp"

#include <dlfcn.h>

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

using Init = int (*)();
using HandleByUuid = int (*)(char const*, void**);
using ClockInfo = int (*)(void*, int, unsigned int*);
using Temperature = int (*)(void*, int, unsigned int*);
using ThrottleReasons = int (*)(void*, unsigned long long*);
using DriverVersion = int (*)(char*, unsigned int);

}  // namespace

template <typename Function>
Function Nvml::find(char const* name) const {
  return mLibrary ? reinterpret_cast<Function>(dlsym(mLibrary, name)) : nullptr;
}

Nvml::Nvml(std::string const& uuid) {
  mLibrary = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  auto const init = find<Init>("nvmlInit_v2");
  auto const handleByUuid = find<HandleByUuid>("nvmlDeviceGetHandleByUUID");
  if (!init || !handleByUuid || init() != kNvmlSuccess) return;
  if (handleByUuid(uuid.c_str(), &mDevice) != kNvmlSuccess) mDevice = nullptr;
}

Nvml::~Nvml() {
  if (mLibrary) {
    if (auto const shutdown = find<Init>("nvmlShutdown")) shutdown();
    dlclose(mLibrary);
  }
}

GpuState Nvml::state() const {
  GpuState state;
  if (!mDevice) return state;
  unsigned int number = 0;
  unsigned long long bits = 0;
  auto const clockInfo = find<ClockInfo>("nvmlDeviceGetClockInfo");
  if (clockInfo && clockInfo(mDevice, kNvmlClockSm, &number) == kNvmlSuccess) state.smClockHz = std::int64_t{number} * 1'000'000;
  auto const temperature = find<Temperature>("nvmlDeviceGetTemperature");
  if (temperature && temperature(mDevice, kNvmlTemperatureGpu, &number) == kNvmlSuccess) state.temperatureC = number;
  auto const reasons = find<ThrottleReasons>("nvmlDeviceGetCurrentClocksThrottleReasons");
  if (reasons && reasons(mDevice, &bits) == kNvmlSuccess) {
    state.throttleReasons.emplace();
    for (auto const& [bit, name] : kReasons)
      if (bits & bit) state.throttleReasons->push_back(name);
  }
  return state;
}

std::optional<std::string> Nvml::displayDriver() const {
  char text[96] = {};
  auto const version = find<DriverVersion>("nvmlSystemGetDriverVersion");
  if (!version || version(text, sizeof(text)) != kNvmlSuccess) return std::nullopt;
  return std::string(text);
}

}  // namespace profiler::core
