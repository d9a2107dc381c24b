/// The seam between the driver and its TensorRT modules. A module is built for each TensorRT major version whose headers were found
/// and is loaded only when a point needs TensorRT, so the driver itself runs where there is none.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "measurement.hpp"
#include "options.hpp"

namespace profiler::driver {

class TensorrtBackend {
 public:
  virtual ~TensorrtBackend() = default;
  /// Builds or loads the engine of the point.
  virtual Workload makeWorkload(PointRequest const& point) = 0;
  virtual std::string version() const = 0;
  virtual std::string libraryPath() const = 0;
  /// Digest of the plugin libraries in use; absent when none is loaded.
  virtual std::optional<std::string> pluginLibraryDigest() const = 0;
  /// Digest of the timing cache as it is now; absent when none is used.
  virtual std::optional<std::string> timingCacheDigest() const = 0;
};

/// TensorRT as found on this machine: the module to use, and the library handle it was chosen by.
struct TensorrtModule {
  int major = 0;
  std::string modulePath, libraryPath, version;
  void* library = nullptr;

  /// By the file's name: a folder of that name may hold any TensorRT.
  bool isRtx() const;
};

/// Finds a TensorRT library for which a module was built. Throws Error(kLibraryMissing) saying what was tried and what to do.
TensorrtModule findTensorrt(std::string const& requestedLibrary);

/// Loads the module and makes its backend.
std::shared_ptr<TensorrtBackend> loadTensorrtBackend(Options const& options, DeviceFacts const& gpu);

/// Major versions for which a module lies beside this program.
std::vector<int> builtTensorrtMajors();

/// Folder of this program's libraries: `../lib` beside the binary's folder, or that folder itself.
std::string libraryFolder();

}  // namespace profiler::driver

/// The one symbol of a module. The caller owns the result.
extern "C" profiler::driver::TensorrtBackend* profilerMakeTensorrtBackend(profiler::driver::Options const& options,
                                                                          profiler::driver::DeviceFacts const& gpu,
                                                                          profiler::driver::TensorrtModule const& module);
