// Finds TensorRT and the driver module built for its version.
#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "error.hpp"
#include "tensorrt_backend.hpp"

namespace profiler::driver {
namespace {

namespace fs = std::filesystem;

constexpr char kModulePrefix[] = "libprofiler_driver_trt";

std::string modulePath(int major) { return (fs::path(libraryFolder()) / (kModulePrefix + std::to_string(major) + ".so")).string(); }

std::vector<std::string> candidates(std::string const& requested, std::vector<int> const& majors) {
  if (!requested.empty()) return {requested};
  std::vector<std::string> names;
  names.reserve(majors.size() + 1);
  for (int const major : majors) names.push_back("libnvinfer.so." + std::to_string(major));
  names.push_back("libnvinfer.so");
  std::vector<std::string> all;
  if (char const* folder = std::getenv("TENSORRT_LIBRARY_DIR")) {
    for (auto const& name : names) all.push_back((fs::path(folder) / name).string());
  }
  all.insert(all.end(), names.begin(), names.end());
  return all;
}

/// The loaded library when one of our modules fits it, otherwise why not.
std::string tryLibrary(std::string const& path, std::vector<int> const& majors, TensorrtModule& module) {
  // Global, so that plugin libraries that register themselves find getPluginRegistry.
  void* library = dlopen(path.c_str(), RTLD_LAZY | RTLD_GLOBAL);
  if (!library) return dlerror();
  auto const getVersion = reinterpret_cast<int (*)()>(dlsym(library, "getInferLibVersion"));
  if (!getVersion) return path + ": no TensorRT library (getInferLibVersion is missing)";
  // TensorRT 8 and 9 count 1000 to a major version, 10 and later 10000. Source: NV_TENSORRT_VERSION in NvInferVersion.h of 8.6 and 10.
  int const number = getVersion(), ofMajor = number >= 10000 ? 10000 : 1000;
  std::string const version =
      std::to_string(number / ofMajor) + "." + std::to_string(number % ofMajor / 100) + "." + std::to_string(number % 100);
  module = {0, "", path, version, library};
  // TensorRT for RTX counts its own versions; it speaks the interface of TensorRT 11.
  int const needed = module.isRtx() ? 11 : number / ofMajor;
  if (std::find(majors.begin(), majors.end(), needed) == majors.end()) {
    return path + ": TensorRT " + version + ", but no driver module was built for major version " + std::to_string(needed);
  }
  module.major = needed;
  module.modulePath = modulePath(needed);
  return {};
}

}  // namespace

bool TensorrtModule::isRtx() const { return fs::path(libraryPath).filename().string().find("tensorrt_rtx") != std::string::npos; }

std::string libraryFolder() {
  std::error_code error;
  fs::path const program = fs::read_symlink("/proc/self/exe", error);
  fs::path const beside = program.parent_path().parent_path() / "lib";
  return fs::is_directory(beside, error) ? beside.string() : program.parent_path().string();
}

std::vector<int> builtTensorrtMajors() {
  std::vector<int> majors;
  std::error_code error;
  for (int major = 8; major < 20; ++major)
    if (fs::exists(modulePath(major), error)) majors.push_back(major);
  std::sort(majors.begin(), majors.end(), std::greater<>());
  return majors;
}

TensorrtModule findTensorrt(std::string const& requestedLibrary) {
  std::vector<int> const majors = builtTensorrtMajors();
  if (majors.empty()) {
    throw Error(ExitCode::kLibraryMissing, "this driver was built without TensorRT",
                "build again with -DTENSORRT_INCLUDE_DIR=<folder of NvInfer.h>, or run the ops with --direct");
  }
  std::string tried;
  for (auto const& path : candidates(requestedLibrary, majors)) {
    TensorrtModule module;
    std::string const reason = tryLibrary(path, majors, module);
    if (reason.empty()) return module;
    tried += "\n  " + reason;
  }
  throw Error(ExitCode::kLibraryMissing, "TensorRT cannot be loaded; tried:" + tried,
              "set TENSORRT_LIBRARY_DIR or LD_LIBRARY_PATH to the folder of libnvinfer, or give --tensorrt-library FILE");
}

std::shared_ptr<TensorrtBackend> loadTensorrtBackend(Options const& options, DeviceFacts const& gpu) {
  TensorrtModule const module = findTensorrt(options.tensorrtLibrary);
  void* handle = dlopen(module.modulePath.c_str(), RTLD_NOW | RTLD_LOCAL);
  auto const make =
      handle ? reinterpret_cast<decltype(&profilerMakeTensorrtBackend)>(dlsym(handle, "profilerMakeTensorrtBackend")) : nullptr;
  if (!make)
    throw Error(ExitCode::kLibraryMissing, std::string("cannot load the driver's TensorRT module: ") + dlerror(), "build the driver again");
  return std::shared_ptr<TensorrtBackend>(make(options, gpu, module));
}

}  // namespace profiler::driver
