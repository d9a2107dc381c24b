#include "nvml.hpp"

#include <dlfcn.h>

#include <utility>

namespace profiler::driver {
namespace {

// Values of the NVML ABI, which is stable across driver releases. Source: NVML API reference, nvmlReturn_t, nvmlClockType_t,
// nvmlTemperatureSensors_t and nvmlClocksEventReasons.
constexpr int kNvmlSuccess = 0;
constexpr int kNvmlClockSm = 1;
constexpr int kNvmlTemperatureGpu = 0;

constexpr std::pair<unsigned long long, const char*> kReasons[] = {
    {0x2, "applications_clocks_setting"}, {0x4, "sw_power_cap"},    {0x8, "hw_slowdown"},
    {0x10, "sync_boost"},                 {0x20, "sw_thermal"},     {0x40, "hw_thermal"},
    {0x80, "hw_power_brake"},             {0x100, "display_clock"},
};

using Init = int (*)();
using HandleByUuid = int (*)(const char*, void**);
using ClockInfo = int (*)(void*, int, unsigned int*);
using Temperature = int (*)(void*, int, unsigned int*);
using ThrottleReasons = int (*)(void*, unsigned long long*);
using DriverVersion = int (*)(char*, unsigned int);

}  // namespace

template <typename Function>
Function Nvml::find(const char* name) const {
  return mLibrary ? reinterpret_cast<Function>(dlsym(mLibrary, name)) : nullptr;
}

Nvml::Nvml(const std::string& uuid) {
  mLibrary = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  const auto init = find<Init>("nvmlInit_v2");
  const auto handleByUuid = find<HandleByUuid>("nvmlDeviceGetHandleByUUID");
  if (!init || !handleByUuid || init() != kNvmlSuccess) return;
  if (handleByUuid(uuid.c_str(), &mDevice) != kNvmlSuccess) mDevice = nullptr;
}

Nvml::~Nvml() {
  if (mLibrary) {
    if (const auto shutdown = find<Init>("nvmlShutdown")) shutdown();
    dlclose(mLibrary);
  }
}

GpuState Nvml::state() const {
  GpuState state;
  if (!mDevice) return state;
  unsigned int number = 0;
  unsigned long long bits = 0;
  const auto clockInfo = find<ClockInfo>("nvmlDeviceGetClockInfo");
  if (clockInfo && clockInfo(mDevice, kNvmlClockSm, &number) == kNvmlSuccess) state.smClockHz = std::int64_t{number} * 1'000'000;
  const auto temperature = find<Temperature>("nvmlDeviceGetTemperature");
  if (temperature && temperature(mDevice, kNvmlTemperatureGpu, &number) == kNvmlSuccess) state.temperatureC = number;
  const auto reasons = find<ThrottleReasons>("nvmlDeviceGetCurrentClocksThrottleReasons");
  if (reasons && reasons(mDevice, &bits) == kNvmlSuccess) {
    state.throttleReasons.emplace();
    for (const auto& [bit, name] : kReasons) {
      if (bits & bit) state.throttleReasons->push_back(name);
    }
  }
  return state;
}

std::optional<std::string> Nvml::displayDriver() const {
  char text[96] = {};
  const auto version = find<DriverVersion>("nvmlSystemGetDriverVersion");
  if (!version || version(text, sizeof(text)) != kNvmlSuccess) return std::nullopt;
  return std::string(text);
}

}  // namespace profiler::driver
